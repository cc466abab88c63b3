"""Reads `models.toml`. Whatever is wrong with it is one line that says where, and what to do.

The file names keys, it never holds them; a line about a key never shows more than its name.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from threadkeep.providers.dialect import Dialect, TokenLimit
from threadkeep.providers.echo import Echo
from threadkeep.providers.openai_chat import OpenAIChat
from threadkeep.providers.port import Provider
from threadkeep.providers.unavailable import Unavailable

_TEXT = "a text in quotes"
_COUNT = "a whole number above 0"
_SWITCH = "true or false"
_LIMIT = '"max_completion_tokens" or "max_tokens"'
_EMPTY = 'an empty text: ""'
_TYPES: Mapping[str, str] = {
    "match": _TEXT,
    "provider": _TEXT,
    "model": _TEXT,
    "context_window": _COUNT,
    "max_turns": _COUNT,
    "base_url": _TEXT,
    "api_key": _TEXT,
    "usage": _SWITCH,
    "token_limit": _LIMIT,
    "sampling": _SWITCH,
    "merge_turns": _SWITCH,
    "empty_content": _EMPTY,
}
_IS: Mapping[str, Callable[[object], bool]] = {
    _TEXT: lambda value: type(value) is str and value != "",
    _COUNT: lambda value: type(value) is int and value > 0,
    _SWITCH: lambda value: type(value) is bool,
    _LIMIT: lambda value: value in get_args(TokenLimit),
    _EMPTY: lambda value: value == "",
}
_LIMITS = ("context_window", "max_turns")
_EVERY = ("match", "provider", "model", *_LIMITS)
_DIALECT = ("usage", "token_limit", "sampling", "merge_turns", "empty_content")
_KEYS = {"echo": _EVERY, "openai": (*_EVERY, "base_url", "api_key", *_DIALECT)}
_REQUIRED = {"echo": ("match",), "openai": ("match", "base_url")}
_LINE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_VARIABLE = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)")
_LATER = ("ssm:", "secret:")


class CatalogueError(Exception):
    """The catalogue can't be used. One line, fit for whoever edits the file."""


class _Wrong(Exception):
    """What is wrong within an entry."""


@dataclass(frozen=True)
class Rule:
    """Names that match lead to `provider`; `model` is its name for them, None for the same.

    `limits` are the model's `context_window` and `max_turns`, where the file sets them.
    """

    match: str
    provider: Provider
    model: str | None = None
    limits: Mapping[str, int] = field(default_factory=dict)


def read_rules(
    text: str, file: str, environment: Mapping[str, str], *, require_keys: bool
) -> Iterator[Rule]:
    """The rules of a catalogue, in order."""
    for number, entry in enumerate(_entries(text, file), start=1):
        try:
            yield _rule(entry, environment, require_keys=require_keys)
        except _Wrong as wrong:
            raise CatalogueError(f"{file}: entry {number}{_named(entry)}: {wrong}.") from None


def _entries(text: str, file: str) -> list[dict[str, Any]]:
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


def _rule(entry: Mapping[str, Any], environment: Mapping[str, str], *, require_keys: bool) -> Rule:
    kind = entry.get("provider")
    if not isinstance(kind, str) or kind not in _KEYS:
        known = " or ".join(f'"{name}"' for name in sorted(_KEYS))
        raise _Wrong(f"provider must be {known}")
    _check_keys(entry, kind)
    return Rule(
        match=entry["match"],
        provider=Echo()
        if kind == "echo"
        else _openai(entry, environment, require_keys=require_keys),
        model=entry.get("model"),
        limits={key: entry[key] for key in _LIMITS if key in entry},
    )


def _check_keys(entry: Mapping[str, Any], kind: str) -> None:
    for key, value in entry.items():
        if key not in _KEYS[kind]:
            raise _Wrong(f'{key!r} is not known: provider "{kind}" takes {", ".join(_KEYS[kind])}')
        if not _IS[_TYPES[key]](value):
            raise _Wrong(f"{key} must be {_TYPES[key]}")
    for key in _REQUIRED[kind]:
        if key not in entry:
            raise _Wrong(f"{key} is missing")


def _openai(
    entry: Mapping[str, Any], environment: Mapping[str, str], *, require_keys: bool
) -> Provider:
    variable = _variable(entry["api_key"]) if "api_key" in entry else None
    key = environment.get(variable, "").strip() if variable else ""
    if variable and not key and require_keys:
        raise _Wrong(f"the environment variable {variable}, which holds the key, is not set")
    try:
        server = OpenAIChat(
            base_url=entry["base_url"],
            api_key=key or None,
            dialect=_dialect(entry),
        )
    except ValueError as error:
        raise _Wrong(str(error)) from None
    if variable and not key:
        which = f"{variable} with the key of the models {entry['match']!r}"
        return Unavailable(f"The environment variable {which} is not set where runs are executed.")
    return server


def _dialect(entry: Mapping[str, Any]) -> Dialect:
    given = {("ask_for_usage" if key == "usage" else key): entry.get(key) for key in _DIALECT}
    return Dialect(**{name: value for name, value in given.items() if value is not None})


def _variable(reference: str) -> str:
    """The environment variable that a key is in. That is the only place so far."""
    for prefix in _LATER:
        if reference.startswith(prefix):
            raise _Wrong(f'api_key = "{prefix}…" is not supported yet: use "env:NAME"')
    variable = _VARIABLE.fullmatch(reference)
    if variable is None:
        raise _Wrong('api_key must be "env:NAME": the environment variable that holds the key')
    return variable[1]
