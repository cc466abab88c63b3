"""The start-up text: where the server is, which keys open it, and a program that works."""

from pathlib import Path

import pytest

from infra.local.http.http_server import url
from infra.local.settings import ServeSettings
from infra.local.welcome import Keys, welcome
from threadkeep.providers.catalogue import Catalogue

GIVEN = Keys({"sk-1": "default", "sk-two": "acme", "sk-three": "acme"})
MADE = Keys({"sk-1": "default"}, Path("/data/api_key"), made=True)
KEPT = Keys({"sk-1": "default"}, Path("/data/api_key"))


def text(
    catalogue: Catalogue | None = None, settings: ServeSettings | None = None, keys: Keys = MADE
) -> str:
    found = catalogue or Catalogue.echo()
    return welcome("1.2", "http://h:1/v1", keys, settings or ServeSettings(), found)


def test_it_says_where_it_is_and_which_key_opens_it() -> None:
    """The base URL, and a key that was made just now: it is shown this once."""
    said = text()
    assert "base_url  http://h:1/v1\n" in said
    assert "api_key   sk-1  project default\n" in said


def test_a_key_is_not_shown_again() -> None:
    """From the second start on it is said where the key is; the example reads it there."""
    said = text(keys=KEPT)
    assert "sk-1" not in said
    assert "api_key   in /data/api_key  project default\n" in said
    assert 'api_key=open("/data/api_key").read().strip()' in said


def test_keys_that_were_given_are_not_shown() -> None:
    """Who gave them has them; it is said how many open which project."""
    said = text(keys=GIVEN)
    assert "sk-" not in said
    assert "api_key   1 given for the project default\n" in said
    assert "          2 given for the project acme\n" in said
    assert 'api_key="YOUR KEY"' in said


def test_it_says_that_the_echo_answers() -> None:
    """Without a models file it says so, and how to set a real model; with one it names it."""
    assert "`echo`" in text()
    assert "[[model]]" in text()
    said = text(settings=ServeSettings(models=Path("m.toml"), state=Path("/data")))
    assert "`echo`" not in said
    assert "models    m.toml\n" in said
    assert "state     /data\n" in said


@pytest.mark.parametrize(
    ("match", "model"), [("*", "gpt-4o"), ("gpt-3.5*", "gpt-3.5-turbo"), ("my-model", "my-model")]
)
def test_the_example_asks_for_a_model_that_answers(match: str, model: str) -> None:
    """The example is a program, and its model is one that the catalogue knows."""
    catalogue = Catalogue.parse(f'[[model]]\nmatch = "{match}"\nprovider = "echo"\n', "m")
    example = text(catalogue)[text(catalogue).index("from openai") :]
    compile(example, "example", "exec")
    assert f'model="{model}"' in example
    assert 'base_url="http://h:1/v1", api_key="sk-1"' in example


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000/v1"),
        ("0.0.0.0", "http://127.0.0.1:8000/v1"),  # noqa: S104  (nothing listens here)
        ("::", "http://[::1]:8000/v1"),
        ("::1", "http://[::1]:8000/v1"),
        ("box.lan", "http://box.lan:8000/v1"),
    ],
)
def test_the_base_url_can_be_reached(host: str, expected: str) -> None:
    """An address that stands for all of them is no address to call."""
    assert url(host, 8000) == expected
