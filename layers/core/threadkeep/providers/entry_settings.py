"""The settings of an entry of `models.toml`: what each may be, in the words of its error."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


class WrongEntry(Exception):
    """What is wrong within an entry. One line, without a key."""


@dataclass(frozen=True)
class EntrySetting:
    """What a setting may be: `says` completes "must be …"."""

    says: str
    holds: Callable[[object], bool]


TEXT = EntrySetting("a text in quotes", lambda value: type(value) is str and value != "")
COUNT = EntrySetting("a whole number above 0", lambda value: type(value) is int and value > 0)
SWITCH = EntrySetting("true or false", lambda value: type(value) is bool)

LIMITS: Mapping[str, EntrySetting] = {"context_window": COUNT, "max_turns": COUNT}
EVERY: Mapping[str, EntrySetting] = {"match": TEXT, "provider": TEXT, "model": TEXT, **LIMITS}
"""What every entry may say, whatever its provider."""


def check(
    entry: Mapping[str, Any], kind: str, own: Mapping[str, EntrySetting], required: frozenset[str]
) -> None:
    """WrongEntry for a setting that the kind of provider does not take, or not like this."""
    settings = {**EVERY, **own}
    for key, value in entry.items():
        if key not in settings:
            raise WrongEntry(f'{key!r} is not known: provider "{kind}" takes {", ".join(settings)}')
        if not settings[key].holds(value):
            raise WrongEntry(f"{key} must be {settings[key].says}")
    for key in ("match", *sorted(required)):
        if key not in entry:
            raise WrongEntry(f"{key} is missing")
