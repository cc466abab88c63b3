"""What an owner may set: the keys of cdk.json's `context`, also given as `cdk … -c key=value`."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from functions.deployment import FUNCTIONS
from threadkeep.domain.settings import UnavailableTools
from threadkeep.wire import cors

# What the executor still needs after the deadline, to write the end of the run.
_MARGIN = 60
_MAX_RUN_SECONDS = FUNCTIONS["executor"].timeout - _MARGIN
_MAX_POLL_AFTER_MS = 60_000
_STACK = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,39}")


class SettingError(Exception):
    """A setting makes no sense; the message names it."""


@dataclass(frozen=True)
class Settings:
    """`prod` keeps the tables whatever happens to the stack. Without `streaming` every function is
    on Lambda's own Python runtime, and nothing can be streamed. Without `bundle` the layer of
    third-party packages is left empty, which only the tests want.
    """

    stack: str
    prod: bool
    run_seconds: int
    poll_after_ms: int
    strict_beta: bool
    unavailable_tools: str
    streaming: bool
    bundle: bool
    cors_origins: tuple[str, ...] = ()

    @staticmethod
    def read(context: Callable[[str], Any]) -> "Settings":
        """The settings in CDK's context; from the command line every value is a text."""
        return Settings(
            stack=_stack(context("stack")),
            prod=_flag("prod", context("prod")),
            run_seconds=_number("run_seconds", context("run_seconds"), _MAX_RUN_SECONDS),
            poll_after_ms=_number("poll_after_ms", context("poll_after_ms"), _MAX_POLL_AFTER_MS),
            strict_beta=_flag("strict_beta", context("strict_beta")),
            unavailable_tools=_choice(
                "unavailable_tools", context("unavailable_tools"), get_args(UnavailableTools)
            ),
            streaming=_switch("streaming", context("streaming")),
            bundle=_flag("bundle", context("bundle")),
            cors_origins=_origins(context("cors_origins")),
        )


def _stack(value: Any) -> str:
    if not (isinstance(value, str) and _STACK.fullmatch(value)):
        raise SettingError(f"stack must be 1 to 40 letters, digits and hyphens, not '{value}'.")
    return value


def _flag(name: str, value: Any) -> bool:
    if str(value).lower() not in ("true", "false"):
        raise SettingError(f"{name} must be true or false, not '{value}'.")
    return str(value).lower() == "true"


def _switch(name: str, value: Any) -> bool:
    if value not in ("on", "off"):
        raise SettingError(f"{name} must be on or off, not '{value}'.")
    return bool(value == "on")


def _choice(name: str, value: Any, choices: Sequence[str]) -> str:
    if value not in choices:
        raise SettingError(f"{name} must be {' or '.join(choices)}, not '{value}'.")
    return str(value)


def _origins(value: Any) -> tuple[str, ...]:
    """From cdk.json a list, from the command line a text with commas."""
    texts = value.split(",") if isinstance(value, str) else value or ()
    if not (isinstance(texts, list | tuple) and all(isinstance(text, str) for text in texts)):
        raise SettingError(f"cors_origins must be a list of origins, not '{value}'.")
    try:
        return cors.origins(stripped for text in texts if (stripped := text.strip()))
    except cors.OriginError as error:
        raise SettingError(f"cors_origins {error}.") from None


def _number(name: str, value: Any, most: int) -> int:
    text = str(value)
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= most):
        raise SettingError(f"{name} must be a whole number from 1 to {most}, not '{value}'.")
    return int(text)
