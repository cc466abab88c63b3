"""What `serve` is told: options before the environment before defaults; bad values are named."""

from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path

import pytest

from infra.command_error import CommandError
from infra.local.settings import ServeSettings, add_options, settings

SECRET = "sk-very-secret"
EVERYTHING = ServeSettings(
    host="::1",
    port=0,
    state=Path("/s"),
    models=Path("m.toml"),
    run_seconds=5,
    api_keys={"k1": "default", "k2": "p2"},
    poll_after_ms=7,
    strict_beta=True,
    unavailable_tools="drop",
    durable=True,
    cors_origins=("https://a.example", "http://localhost:3000"),
)


def read(*argv: str, **environment: str) -> ServeSettings:
    parser = ArgumentParser()
    add_options(parser)
    named = {f"THREADKEEP_{name}": value for name, value in environment.items()}
    return settings(parser.parse_args(argv), named)


def test_nothing_is_needed() -> None:
    """Without options and environment the defaults hold."""
    assert read() == ServeSettings()
    assert (ServeSettings().port, ServeSettings().run_seconds) == (8000, 600)


def test_every_option_is_read() -> None:
    """Each option sets its setting; `--api-key` may be given more than once."""
    options = [
        "--host",
        "::1",
        "--port",
        "0",
        "--state",
        "/s",
        "--models",
        "m.toml",
        "--run-seconds",
        "5",
        "--poll-after-ms",
        "7",
        "--strict-beta",
        "true",
        "--unavailable-tools",
        "drop",
        "--durable",
        "true",
    ]
    keys = ["--api-key", "k1", "--api-key", "k2:p2"]
    origins = ["--cors-origin", "https://a.example", "--cors-origin", "http://localhost:3000"]
    assert read(*options, *keys, *origins) == EVERYTHING


def test_every_option_is_read_from_the_environment() -> None:
    """Each variable does what its option does; keys and origins stand there with commas."""
    place = {"HOST": "::1", "PORT": "0", "STATE": "/s", "MODELS": "m.toml"}
    behaviour = {"RUN_SECONDS": "5", "POLL_AFTER_MS": "7", "STRICT_BETA": "true"}
    behaviour |= {"UNAVAILABLE_TOOLS": "drop", "DURABLE": "true"}
    lists = {
        "API_KEY": "k1, k2:p2,",
        "CORS_ORIGINS": "https://a.example, http://localhost:3000",
    }
    assert read(**place, **behaviour, **lists) == EVERYTHING


def test_options_come_before_the_environment() -> None:
    """What stands on the command line wins."""
    found = read("--port", "1", "--api-key", "k1", PORT="2", API_KEY="k2")
    assert (found.port, found.api_keys) == (1, {"k1": "default"})


def test_what_is_empty_is_not_given() -> None:
    """An empty variable, as compose files leave it, is none."""
    assert (
        read(HOST="", PORT="", STATE="", MODELS="", RUN_SECONDS="", API_KEY="", CORS_ORIGINS="")
        == ServeSettings()
    )


def test_a_home_folder_is_found() -> None:
    """`~` means the home folder, also where no shell has replaced it."""
    assert read(STATE="~/data").state == Path.home() / "data"


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"PORT": "x"}, "THREADKEEP_PORT"),
        ({"PORT": "-1"}, "THREADKEEP_PORT"),
        ({"PORT": "65536"}, "THREADKEEP_PORT"),
        ({"PORT": "8_000"}, "THREADKEEP_PORT"),
        ({"PORT": "٣"}, "THREADKEEP_PORT"),
        ({"PORT": "8000.0"}, "THREADKEEP_PORT"),
        ({"PORT": "9" * 5000}, "THREADKEEP_PORT"),
        ({"RUN_SECONDS": "0"}, "--run-seconds"),
        ({"RUN_SECONDS": "1e3"}, "--run-seconds"),
        ({"RUN_SECONDS": "999999999"}, "--run-seconds"),
        ({"POLL_AFTER_MS": "0"}, "--poll-after-ms"),
        ({"POLL_AFTER_MS": "60001"}, "--poll-after-ms"),
        ({"STRICT_BETA": "yes"}, "THREADKEEP_STRICT_BETA"),
        ({"DURABLE": "on"}, "must be true or false, not 'on'"),
        ({"UNAVAILABLE_TOOLS": "drop,refuse"}, "refuse or drop"),
        ({"CORS_ORIGINS": "https://a.example/"}, "--cors-origin"),
        ({"CORS_ORIGINS": "https://a.example,b.example"}, "'b.example'"),
        ({"CORS_ORIGINS": ",".join(f"https://a{n}.example" for n in range(21))}, "at most 20"),
        ({"API_KEY": f"k,{SECRET} x"}, "number 2"),
        ({"API_KEY": f"{SECRET}:"}, "number 1"),
        ({"API_KEY": f":{SECRET}"}, "number 1"),
        ({"API_KEY": f"k:{SECRET}/x"}, "number 1"),
        ({"API_KEY": f"k:a:{SECRET}"}, "number 1"),
        ({"API_KEY": f"{SECRET}ü"}, "number 1"),
        ({"API_KEY": SECRET * 20}, "number 1"),
        ({"API_KEY": f"{SECRET}:a,{SECRET}:b"}, "number 2"),
    ],
)
def test_what_makes_no_sense_is_named(environment: Mapping[str, str], named: str) -> None:
    """A bad value is one short line that says where it is; no part of a key is shown."""
    with pytest.raises(CommandError) as refused:
        read(**environment)
    message = str(refused.value)
    assert named in message
    assert SECRET not in message
    assert "\n" not in message
    assert len(message) < 300


def test_the_same_key_twice_is_once() -> None:
    """A key may be repeated for the same project."""
    assert read(API_KEY="k:p,k:p").api_keys == {"k": "p"}


def test_keys_are_not_in_a_repr() -> None:
    """ServeSettings may be printed without showing a key."""
    assert SECRET not in repr(read(API_KEY=SECRET))
