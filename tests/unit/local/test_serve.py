"""A real `threadkeep serve`: it works as it says, and ends as it should."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from tests.model_server import ModelServer
from tests.model_turns import Stall

PATIENCE = 30  # seconds after which something is stuck
KEY = "sk-test-of-serve"


class Serve:
    """The process, once it has said where it is."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.said: list[str] = []
        assert process.stdout
        for line in process.stdout:
            self.said.append(line)
            if line.startswith("print("):
                break
        base_url = next((line.split()[1] for line in self.said if "base_url" in line), "")
        self.host = base_url.removeprefix("http://").removesuffix("/v1")

    def post(self, path: str, body: object) -> dict[str, Any]:
        connection = HTTPConnection(self.host, timeout=PATIENCE)
        try:
            headers = {"authorization": f"Bearer {KEY}"}
            connection.request("POST", f"/v1{path}", json.dumps(body), headers)
            response = connection.getresponse()
            assert response.status == 200
            answer: dict[str, Any] = json.load(response)
            return answer
        finally:
            connection.close()

    def end(self, number: signal.Signals) -> tuple[int, str, str]:
        """Exit code, what else was on stdout, and stderr."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, out, err


@contextmanager
def serving(temporary: Path, *options: str) -> Iterator[Serve]:
    command = str(Path(sys.executable).with_name("threadkeep"))
    argv = [command, "serve", "--port", "0", *options]
    environment = {**os.environ, "TMPDIR": str(temporary), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            yield Serve(process)
        finally:
            process.kill()


def models(folder: Path, base_url: str) -> Sequence[str]:
    file = folder / "models.toml"
    file.write_text(f'[[model]]\nmatch = "*"\nprovider = "openai"\nbase_url = "{base_url}"\n')
    return "--models", str(file)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_amid_model_calls(tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C and SIGTERM end it with 0, no traceback and no temporary folder, also while models
    are asked that never answer.
    """
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with (
        ModelServer(Stall()) as model,
        serving(temporary, "--api-key", KEY, *models(tmp_path, model.base_url)) as serve,
    ):
        assistant = serve.post("/assistants", {"model": "gpt-4o"})
        messages = [{"role": "user", "content": "the content"}]
        body = {"assistant_id": assistant["id"], "thread": {"messages": messages}}
        for _ in range(3):
            serve.post("/threads/runs", body)
        model.wait_for_requests(3)
        assert len(list(temporary.iterdir())) == 1
        code, out, err = serve.end(number)
    assert (code, err) == (0, "")
    assert "Traceback" not in out
    assert list(temporary.iterdir()) == []
    assert out.count("POST /threads/runs 200") == 3
    assert out.count("run in_progress") == 3
    assert KEY not in out
    assert "the content" not in out


def test_the_example_works_as_printed(tmp_path: Path) -> None:
    """The program in the start-up text runs as it stands there, and gets its answer."""
    with serving(tmp_path, "--state", str(tmp_path / "state")) as serve:
        start = next(n for n, line in enumerate(serve.said) if line.startswith("from openai"))
        program = "".join(serve.said[start:])
        argv = [sys.executable, "-W", "ignore", "-c", program]
        done = subprocess.run(argv, check=False, capture_output=True, text=True)
        assert (done.stdout, done.stderr) == ("completed - Hello!\n", "")
        assert serve.end(signal.SIGTERM)[0] == 0
    assert (tmp_path / "state" / "api_key").read_text().strip() in program
