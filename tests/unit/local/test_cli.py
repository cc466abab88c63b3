"""The command line: what its user can put right is one line on stderr and exit code 2."""

import socket
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from infra.cli import main
from infra.local.http.http_server import listen
from infra.local.state import State

Held = State | socket.socket | None
FORBIDDEN = "aws_cdk boto3 jsii moto openai pytest"


def run(capsys: pytest.CaptureFixture[str], *argv: str, **environment: str) -> tuple[int, str]:
    """Exit code and stderr; nothing may be on stdout."""
    code = main(argv, environment)
    out, err = capsys.readouterr()
    assert out == ""
    return code, err


def port_in_use(_: Path) -> tuple[list[str], Held]:
    sock = listen("127.0.0.1", 0)
    return ["--port", str(sock.getsockname()[1])], sock


def state_in_use(folder: Path) -> tuple[list[str], Held]:
    return ["--port", "0", "--state", str(folder)], State(folder)


def state_is_a_file(folder: Path) -> tuple[list[str], Held]:
    (folder / "file").write_text("")
    return ["--port", "0", "--state", str(folder / "file")], None


def state_is_damaged(folder: Path) -> tuple[list[str], Held]:
    (folder / "dynamodb.db").write_text("this is no database" * 100)
    return ["--port", "0", "--state", str(folder)], None


def models(text: str) -> Callable[[Path], tuple[list[str], Held]]:
    def given(folder: Path) -> tuple[list[str], Held]:
        (folder / "models.toml").write_text(text)
        return ["--port", "0", "--models", str(folder / "models.toml")], None

    return given


def options(*argv: str) -> Callable[[Path], tuple[list[str], Held]]:
    return lambda _: (["--port", "0", *argv], None)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (port_in_use, "Address already in use; choose another one with --port"),
        (options("--host", "203.0.113.1"), "Can't listen on 203.0.113.1:0"),
        (options("--host", "no such host"), "Can't listen on host 'no such host'"),
        (options("--host", "a" * 70), "Can't listen on host"),
        (state_in_use, "is in use by another threadkeep"),
        (state_is_a_file, "Can't use the state folder"),
        (state_is_damaged, "Can't use the data in"),
        (options("--models", "/nowhere/models.toml"), "/nowhere/models.toml"),
        (models('[[model]]\nmatch = "*"\nprovider = \n'), "line 3"),
        (models('[[model]]\nmatch = "*"\nprovider = "abacus"\n'), "provider must be"),
        (options("--run-seconds", "0"), "--run-seconds"),
        (options("--port", "http"), "--port"),
        (options("--api-key", "a b"), "--api-key"),
        (options("--colour"), "unrecognized arguments: --colour"),
        (options("--stat", "x"), "unrecognized arguments"),
        (options("--state"), "--state: expected one argument"),
    ],
)
def test_serve_says_what_is_wrong(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    given: Callable[[Path], tuple[list[str], Held]],
    said: str,
) -> None:
    """Whatever keeps `serve` from beginning is one clear line and a 2."""
    argv, held = given(tmp_path)
    code, err = run(capsys, "serve", *argv)
    assert code == 2
    assert said in err
    assert err.startswith("threadkeep: ")
    assert err.count("\n") == 1
    if held:
        held.close()


@pytest.mark.parametrize(
    "argv", [[], ["bake"], ["keys"], ["keys", "create"], ["keys", "drop"], ["--port", "1"]]
)
def test_a_wrong_command_is_one_line(capsys: pytest.CaptureFixture[str], argv: list[str]) -> None:
    """A command line that makes no sense is a line that says where the help is."""
    code, err = run(capsys, *argv)
    assert code == 2
    assert err.count("\n") == 1
    assert "--help" in err


def test_the_environment_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    """A setting in the environment counts, and is named when it is wrong."""
    code, err = run(capsys, "serve", THREADKEEP_PORT="many")
    assert (code, "THREADKEEP_PORT" in err) == (2, True)


def test_a_wrong_project_makes_no_key(capsys: pytest.CaptureFixture[str]) -> None:
    """`keys create` refuses a project that can't be part of a table's key."""
    code, err = run(capsys, "keys", "create", "--project", "no good")
    assert (code, err.count("\n")) == (2, 1)


@pytest.mark.parametrize("argv", [["--help"], ["serve", "--help"], ["keys", "create", "--help"]])
def test_help_is_help(capsys: pytest.CaptureFixture[str], argv: list[str]) -> None:
    """Help is on stdout, with exit code 0."""
    with pytest.raises(SystemExit) as ended:
        main(argv, {})
    assert ended.value.code == 0
    assert "usage: threadkeep" in capsys.readouterr().out


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    """`--version` says the installed version."""
    with pytest.raises(SystemExit) as ended:
        main(["--version"], {})
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"threadkeep {version('threadkeep')}\n"


def test_serve_loads_nothing_that_only_aws_or_tests_need() -> None:
    """`serve` begins quickly: neither CDK nor boto3 nor the SDK is imported on its way."""
    program = (
        "import sys, infra.cli, infra.local.serve, infra.local.settings;"
        f"sys.exit(' '.join(set('{FORBIDDEN}'.split()) & set(sys.modules)) or 0)"
    )
    argv = [sys.executable, "-c", program]
    done = subprocess.run(argv, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
