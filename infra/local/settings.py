"""The settings of `serve`: options, else environment variables, else defaults."""

import os
import re
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from infra.command_error import CommandError
from threadkeep.domain.ids import valid_project
from threadkeep.settings import (
    SettingError,
    Settings,
    as_text,
    described,
    path,
    read,
    settings_of,
    switch,
    variable,
    whole,
    words,
)

DEFAULT_PROJECT = "default"
_KEY = re.compile(r"[!-+\--9;-~]{1,256}")  # printable, without blanks, commas and colons
_API_KEY = "api_key"


@dataclass(frozen=True, kw_only=True)
class ServeSettings(Settings):
    """All of it, valid. `api_keys` maps a key to its project."""

    host: str = described(words("a host", "address to listen on"), default="127.0.0.1")
    port: int = described(whole(0, 65_535, "port to listen on; 0 picks a free one"), default=8000)
    state: Path | None = described(
        path("folder that keeps the data (left out: a temporary one, removed at the end)"),
        default=None,
    )
    models: Path | None = described(
        path("which model answers for which name (left out: a built-in echo for all)"),
        default=None,
    )
    durable: bool = described(
        switch("whether data outlives a power cut, not only a kill"), default=False
    )
    poll_after_ms: int = described(
        whole(1, 60_000, "milliseconds between two looks at a run, as SDKs are asked"), default=200
    )
    api_keys: Mapping[str, str] = field(default_factory=dict, repr=False)


def add_options(parser: ArgumentParser) -> None:
    """The options of `serve`. None has a default here: the environment comes first."""
    for name, default, setting in settings_of(ServeSettings):
        shown = "" if default in (None, ()) else f" ({as_text(default)})"
        text = f"{setting.text}{shown} [{variable(name)}]"
        if setting.each:
            text = f"{setting.text}; may be given more than once [{variable(name)}, with commas]"
        parser.add_argument(
            f"--{setting.each}" if setting.each else _option(name),
            dest=name,
            action="append" if setting.each else "store",
            metavar=setting.shape,
            help=text,
        )
    parser.add_argument(
        _option(_API_KEY),
        metavar="KEY[:PROJECT]",
        action="append",
        help="a key that opens a project; may be given more than once "
        f"(one is made and kept in the state folder) [{variable(_API_KEY)}, with commas]",
    )


def settings(options: Namespace, environment: Mapping[str, str] = os.environ) -> ServeSettings:
    """The settings, or CommandError."""

    def given(name: str) -> object:
        option: object = getattr(options, name)
        return environment.get(variable(name)) if option is None else option

    keys = given(_API_KEY) or ""
    texts = (keys if isinstance(keys, str) else ",".join(options.api_key)).split(",")
    try:
        found = read(ServeSettings, given, _where)
    except SettingError as error:
        raise CommandError(str(error)) from None
    return ServeSettings(api_keys=_api_keys([t.strip() for t in texts if t.strip()]), **found)


def valid_key(text: str) -> bool:
    """Whether this can be sent as a key, and be given as one."""
    return _KEY.fullmatch(text) is not None


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _where(name: str) -> str:
    """Where a setting stands, to be found and changed."""
    each = {name: setting.each for name, _, setting in settings_of(ServeSettings)}[name]
    return f"--{each} (or {variable(name)})" if each else f"{_option(name)} (or {variable(name)})"


def _api_keys(texts: Sequence[str]) -> dict[str, str]:
    """KEY[:PROJECT] each. An error says which one by its number: no part of a key is shown."""
    keys: dict[str, str] = {}
    for number, text in enumerate(texts, start=1):
        key, colon, project = text.partition(":")
        project = project if colon else DEFAULT_PROJECT
        if not valid_key(key):
            raise CommandError(_wrong_key(number, "the key must be 1 to 256 printable characters"))
        if not valid_project(project):
            shape = "the project must be 1 to 64 of letters, digits, '_' and '-'"
            raise CommandError(_wrong_key(number, shape))
        if keys.setdefault(key, project) != project:
            raise CommandError(_wrong_key(number, "the same key is given for two projects"))
    return keys


def _wrong_key(number: int, reason: str) -> str:
    which = f"{_option(_API_KEY)} (or {variable(_API_KEY)})"
    return f"{which} must be KEY[:PROJECT]; in number {number} {reason}."
