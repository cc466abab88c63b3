"""Reads `models.toml`. Whatever is wrong with it is one line that says where, and what to do.

The file names keys, it never holds them; a line about a key never shows more than its name.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from threadkeep.providers.entry_settings import LIMITS, WrongEntry, check
from threadkeep.providers.port import Provider
from threadkeep.providers.registry import PROVIDERS, Feature, Kind, Means

_LINE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


class CatalogueError(Exception):
    """The catalogue can't be used. One line, fit for whoever edits the file."""


@dataclass(frozen=True)
class Rule:
    """Names that match lead to `provider`; `model` is its name for them, None for the same.

    `limits` are the model's `context_window` and `max_turns`, where the file sets them;
    `unsupported` is what the provider cannot do.
    """

    match: str
    provider: Provider
    model: str | None = None
    limits: Mapping[str, int] = field(default_factory=dict)
    unsupported: frozenset[Feature] = frozenset()


def read_rules(
    text: str, file: str, means: Means, kinds: Mapping[str, Kind] = PROVIDERS
) -> Iterator[Rule]:
    """The rules of a catalogue, in order."""
    for number, entry in enumerate(_entries(text, file), start=1):
        try:
            yield _rule(entry, means, kinds)
        except WrongEntry as wrong:
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


def _rule(entry: Mapping[str, Any], means: Means, kinds: Mapping[str, Kind]) -> Rule:
    name = entry.get("provider")
    kind = kinds.get(name) if isinstance(name, str) else None
    if not isinstance(name, str) or kind is None:
        known = " or ".join(f'"{name}"' for name in sorted(kinds))
        raise WrongEntry(f"provider must be {known}")
    check(entry, name, kind.settings, kind.required)
    return Rule(
        match=entry["match"],
        provider=kind.build(entry, means),
        model=entry.get("model"),
        limits={key: entry[key] for key in LIMITS if key in entry},
        unsupported=kind.unsupported,
    )
