"""What `serve` is told: options, else environment variables, else defaults. Bad ones are named."""

import os
import re
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from infra.command_error import CommandError
from threadkeep.domain.ids import valid_project
from threadkeep.domain.settings import UnavailableTools
from threadkeep.wire import cors

DEFAULT_PROJECT = "default"
_MAX_RUN_SECONDS = 365 * 86_400  # what a state machine's execution can wait for
_MAX_POLL_AFTER_MS = 60_000
_KEY = re.compile(r"[!-+\--9;-~]{1,256}")  # printable, without blanks, commas and colons


@dataclass(frozen=True)
class Settings:
    """All of it, valid. `api_keys` maps a key to its project."""

    host: str = "127.0.0.1"
    port: int = 8000
    state: Path | None = None
    models: Path | None = None
    run_seconds: int = 600
    api_keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    poll_after_ms: int = 200
    strict_beta: bool = False
    unavailable_tools: UnavailableTools = "refuse"
    durable: bool = False
    cors_origins: tuple[str, ...] = ()


def add_options(parser: ArgumentParser) -> None:
    """The options of `serve`. None has a default here: the environment comes first."""
    for name, metavar, text in (
        ("host", "HOST", "address to listen on (127.0.0.1)"),
        ("port", "PORT", "port to listen on; 0 picks a free one (8000)"),
        ("state", "DIR", "folder that keeps the data (a temporary one, removed at the end)"),
        ("models", "FILE", "which model answers for which name (a built-in echo for all)"),
        ("run-seconds", "N", "seconds that a run may take (600)"),
        ("poll-after-ms", "N", "milliseconds between two looks at a run, as SDKs are told (200)"),
        ("strict-beta", "on|off", "whether the OpenAI-Beta header must be there (off)"),
        ("durable", "on|off", "whether data outlives a power cut, not only a kill (off)"),
        ("unavailable-tools", "refuse|drop", "what becomes of tools that runs can't have (refuse)"),
    ):
        parser.add_argument(f"--{name}", metavar=metavar, help=f"{text} [{_variable(name)}]")
    parser.add_argument(
        "--api-key",
        metavar="KEY[:PROJECT]",
        action="append",
        help="a key that opens a project; may be given more than once "
        f"(one is made and kept in the state folder) [{_variable('api-key')}, with commas]",
    )
    parser.add_argument(
        "--cors-origin",
        metavar="ORIGIN",
        action="append",
        help="an origin whose pages may call from a browser, * for all; may be given more than "
        f"once (none) [{_variable('cors-origin')}, with commas]",
    )


def settings(options: Namespace, environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings, or CommandError."""
    given = _Given(options, environment)
    defaults = Settings()
    return Settings(
        host=given.text("host") or defaults.host,
        port=given.number("port", defaults.port, 0, 65_535),
        state=given.path("state"),
        models=given.path("models"),
        run_seconds=given.number("run-seconds", defaults.run_seconds, 1, _MAX_RUN_SECONDS),
        api_keys=_api_keys(given.texts("api-key")),
        poll_after_ms=given.number("poll-after-ms", defaults.poll_after_ms, 1, _MAX_POLL_AFTER_MS),
        strict_beta=given.switch("strict-beta"),
        durable=given.switch("durable"),
        unavailable_tools="drop" if given.drops("unavailable-tools") else "refuse",
        cors_origins=_origins(given.texts("cors-origin")),
    )


@dataclass(frozen=True)
class _Given:
    """What was given, by the option's name. An empty text is nothing."""

    options: Namespace
    environment: Mapping[str, str]

    def texts(self, name: str) -> Sequence[str]:
        given = getattr(self.options, name.replace("-", "_")) or self.environment.get(
            _variable(name), ""
        )
        texts = [given] if isinstance(given, str) else given
        return [part.strip() for text in texts for part in text.split(",") if part.strip()]

    def text(self, name: str) -> str | None:
        value: str | None = getattr(self.options, name.replace("-", "_"))
        return (value if value is not None else self.environment.get(_variable(name))) or None

    def path(self, name: str) -> Path | None:
        text = self.text(name)
        return Path(text).expanduser() if text else None

    def switch(self, name: str) -> bool:
        text = self.text(name) or "off"
        if text not in ("on", "off"):
            raise CommandError(
                f"--{name} (or {_variable(name)}) must be on or off, not {text[:40]!r}."
            )
        return text == "on"

    def drops(self, name: str) -> bool:
        text = self.text(name) or "refuse"
        if text not in get_args(UnavailableTools):
            raise CommandError(
                f"--{name} (or {_variable(name)}) must be refuse or drop, not {text[:40]!r}."
            )
        return text == "drop"

    def number(self, name: str, default: int, low: int, high: int) -> int:
        text = self.text(name)
        if text is None:
            return default
        if re.fullmatch(r"[0-9]{1,9}", text) and low <= int(text) <= high:
            return int(text)
        raise CommandError(
            f"--{name} (or {_variable(name)}) must be a whole number from {low} to {high}, "
            f"not {text[:40]!r}."
        )


def valid_key(text: str) -> bool:
    """Whether this can be sent as a key, and be given as one."""
    return _KEY.fullmatch(text) is not None


def _variable(name: str) -> str:
    return f"THREADKEEP_{name.upper().replace('-', '_')}"


def _origins(texts: Sequence[str]) -> tuple[str, ...]:
    try:
        return cors.origins(texts)
    except cors.OriginError as error:
        raise CommandError(f"--cors-origin (or {_variable('cors-origin')}) {error}.") from None


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
    return (
        f"--api-key (or {_variable('api-key')}) must be KEY[:PROJECT]; in number {number} {reason}."
    )
