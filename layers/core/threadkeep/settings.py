"""THE settings of a deployment, each described once: for `serve`, for CDK and for the functions.

A host adds its own by a subclass, in the same way. A value comes as cdk.json has it (`true`, 600, a
list), or as a text from a command line or an environment variable.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from threadkeep.domain.settings import UnavailableTools
from threadkeep.wire import cors

_A_YEAR = 365 * 86_400  # what an execution of a state machine can wait for
_SHOWN = 40  # characters of a wrong value
_DESCRIBED = "setting"


class SettingError(ValueError):
    """A setting makes no sense; the message says where it stands and what is allowed."""


@dataclass(frozen=True)
class Setting:
    """How a setting is read and described.

    `read` raises ValueError for a value that makes no sense. `allowed` completes "must be …",
    `shape` is what stands for a value in a synopsis. `each` is the option's name where it may be
    given more than once.
    """

    read: Callable[[object], object]
    shape: str
    allowed: str
    text: str
    each: str = ""


def described(setting: Setting, *, default: Any) -> Any:
    """The field of a setting."""
    return field(default=default, metadata={_DESCRIBED: setting})


def whole(low: int, high: int, text: str) -> Setting:
    """A whole number."""

    def read(value: object) -> int:
        digits = str(value)
        if isinstance(value, bool) or not (digits.isascii() and digits.isdecimal()):
            raise ValueError
        if len(digits) > len(str(high)) or not low <= int(digits) <= high:
            raise ValueError
        return int(digits)

    return Setting(read, "N", f"a whole number from {low} to {high}", text)


def switch(text: str) -> Setting:
    """True or false."""

    def read(value: object) -> bool:
        if str(value).lower() not in ("true", "false"):
            raise ValueError
        return str(value).lower() == "true"

    return Setting(read, "true|false", "true or false", text)


def choice(text: str, *choices: str) -> Setting:
    """One of some words."""

    def read(value: object) -> str:
        if value not in choices:
            raise ValueError
        return str(value)

    return Setting(read, "|".join(choices), " or ".join(choices), text)


def words(allowed: str, text: str, fits: Callable[[str], bool] = bool) -> Setting:
    """A text."""

    def read(value: object) -> str:
        if not (isinstance(value, str) and fits(value)):
            raise ValueError
        return value

    return Setting(read, "TEXT", allowed, text)


def path(text: str) -> Setting:
    """A file or a folder; `~` is the home folder."""
    return Setting(lambda value: Path(str(value)).expanduser(), "PATH", "a path", text)


def _origins(value: object) -> tuple[str, ...]:
    """A list, or a text with commas."""
    texts = [value] if isinstance(value, str) else value
    if not (isinstance(texts, list | tuple) and all(isinstance(each, str) for each in texts)):
        raise ValueError
    parts = (part.strip() for text in texts for part in text.split(","))
    return cors.origins(part for part in parts if part)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What every host has."""

    run_seconds: int = described(whole(1, _A_YEAR, "seconds that a run may take"), default=600)
    poll_after_ms: int = described(
        whole(1, 60_000, "milliseconds between two looks at a run, as SDKs are asked"), default=500
    )
    strict_beta: bool = described(
        switch("whether the OpenAI-Beta header must be there"), default=False
    )
    unavailable_tools: UnavailableTools = described(
        choice("what becomes of hosted tools that runs can't have", "refuse", "drop"),
        default="refuse",
    )
    cors_origins: tuple[str, ...] = described(
        Setting(
            _origins,
            "ORIGIN",
            "a list of origins",
            "origins whose pages may call from a browser, * for all",
            each="cors-origin",
        ),
        default=(),
    )


def settings_of(cls: type[Settings]) -> Iterator[tuple[str, Any, Setting]]:
    """Name, default and description of each setting, a host's own ones first."""
    of_all = {each.name for each in fields(Settings)}
    for each in sorted(fields(cls), key=lambda each: each.name in of_all):
        if _DESCRIBED in each.metadata:
            yield each.name, each.default, each.metadata[_DESCRIBED]


def read(
    cls: type[Settings],
    given: Callable[[str], object],
    where: Callable[[str], str],
    *,
    sparse: bool = True,
) -> dict[str, Any]:
    """The settings that are `given` by their names, valid, or SettingError.

    `where` says where a setting stands. `sparse`: None and an empty text leave the default.
    """
    found: dict[str, Any] = {}
    for name, _, setting in settings_of(cls):
        value = given(name)
        if sparse and value in (None, ""):
            continue
        try:
            found[name] = setting.read(value)
        except ValueError as error:
            wrong = str(error) or f"must be {setting.allowed}, not {str(value)[:_SHOWN]!r}"
            raise SettingError(f"{where(name)} {wrong}.") from None
    return found


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return f"THREADKEEP_{name.upper()}"


def environment_of(settings: Settings) -> dict[str, str]:
    """The variables from which a function reads what every host has."""
    return {variable(each.name): as_text(getattr(settings, each.name)) for each in fields(Settings)}


def from_environment(cls: type[Settings], environment: Mapping[str, str]) -> dict[str, Any]:
    """What an environment says."""
    return read(cls, lambda name: environment.get(variable(name)), variable)


def as_text(value: object) -> str:
    """A setting's value as it is given as a text."""
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(value) if isinstance(value, tuple) else str(value)
