"""Reads `models.toml`. Whatever is wrong with it is one line that says where, and what to do.

The file names keys, it never holds them; a line about a key never shows more than its name.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from threadkeep.providers.echo import Echo
from threadkeep.providers.openai_chat import OpenAIChat
from threadkeep.providers.port import Provider

_TYPES: Mapping[str, type] = {
    "match": str,
    "provider": str,
    "model": str,
    "base_url": str,
    "api_key": str,
    "usage": bool,
}
_EVERY = ("match", "provider", "model")
_KEYS = {"echo": _EVERY, "openai": (*_EVERY, "base_url", "api_key", "usage")}
_REQUIRED = {"echo": ("match",), "openai": ("match", "base_url")}
_TYPE_NAMES = {str: "a text in quotes", bool: "true or false"}
_LINE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_VARIABLE = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)")
_LATER = ("ssm:", "secret:")


class CatalogueError(Exception):
    """The catalogue can't be used. One line, fit for whoever edits the file."""


class _Wrong(Exception):
    """What is wrong within an entry."""


@dataclass(frozen=True)
class Rule:
    """Names that match lead to `provider`; `model` is its name for them, None for the same."""

    match: str
    provider: Provider
    model: str | None = None


def read_rules(text: str, file: str, environment: Mapping[str, str]) -> Iterator[Rule]:
    """The rules of a catalogue, in order."""
    for number, entry in enumerate(_entries(text, file), start=1):
        try:
            yield _rule(entry, environment)
        except _Wrong as wrong:
            raise CatalogueError(f"{file}: entry {number}{_named(entry)}: {wrong}.") from None


def _entries(text: str, file: str) -> list[dict[str, object]]:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError(_syntax_error(text, file, str(error))) from None
    except RecursionError:
        raise CatalogueError(f"{file}: is nested too deeply.") from None
    if others := document.keys() - {"model"}:
        raise CatalogueError(
            f"{file}: {min(others)!r} is not known here: every entry begins with [[model]]."
        )
    entries = document.get("model", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise CatalogueError(f"{file}: begin every entry with [[model]], in double brackets.")
    return entries


def _syntax_error(text: str, file: str, message: str) -> str:
    found = _LINE.search(message)
    line = (found and found[1]) or len(text.splitlines()) or 1
    return f"{file}: line {line}: {_LINE.sub('', message)}."


def _named(entry: Mapping[str, object]) -> str:
    match = entry.get("match")
    return f" (match = {match!r})" if isinstance(match, str) else ""


def _rule(entry: Mapping[str, object], environment: Mapping[str, str]) -> Rule:
    kind = entry.get("provider")
    if not isinstance(kind, str) or kind not in _KEYS:
        known = " or ".join(f'"{name}"' for name in sorted(_KEYS))
        raise _Wrong(f"provider must be {known}")
    _check_keys(entry, kind)
    model = entry.get("model")
    return Rule(
        match=str(entry["match"]),
        provider=_openai(entry, environment) if kind == "openai" else Echo(),
        model=None if model is None else str(model),
    )


def _check_keys(entry: Mapping[str, object], kind: str) -> None:
    for key, value in entry.items():
        if key not in _KEYS[kind]:
            raise _Wrong(f'{key!r} is not known: provider "{kind}" takes {", ".join(_KEYS[kind])}')
        if type(value) is not _TYPES[key] or value == "":
            raise _Wrong(f"{key} must be {_TYPE_NAMES[_TYPES[key]]}")
    for key in _REQUIRED[kind]:
        if key not in entry:
            raise _Wrong(f"{key} is missing")


def _openai(entry: Mapping[str, object], environment: Mapping[str, str]) -> OpenAIChat:
    try:
        return OpenAIChat(
            base_url=str(entry["base_url"]),
            api_key=_api_key(entry.get("api_key"), environment),
            ask_for_usage=entry.get("usage") is not False,
        )
    except ValueError as error:
        raise _Wrong(str(error)) from None


def _api_key(reference: object, environment: Mapping[str, str]) -> str | None:
    """The key itself. `env:NAME` is the only place so far."""
    if reference is None:
        return None
    text = str(reference)
    for prefix in _LATER:
        if text.startswith(prefix):
            raise _Wrong(f'api_key = "{prefix}…" is not supported yet: use "env:NAME"')
    variable = _VARIABLE.fullmatch(text)
    if variable is None:
        raise _Wrong('api_key must be "env:NAME": the environment variable that holds the key')
    key = environment.get(variable[1], "").strip()
    if not key:
        raise _Wrong(f"the environment variable {variable[1]}, which holds the key, is not set")
    return key
