"""What an owner may set: the keys of cdk.json's `context`, also given as `cdk … -c key=value`."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from functions.deployment import FUNCTIONS

# What the executor still needs after the deadline, to write the end of the run.
_MARGIN = 60
_STACK = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,39}")


class SettingError(Exception):
    """A setting makes no sense; the message names it."""


@dataclass(frozen=True)
class Settings:
    """`prod` keeps the tables whatever happens to the stack; without `bundle` the layer of
    third-party packages is left empty, which only the tests want.
    """

    stack: str
    prod: bool
    run_seconds: int
    bundle: bool

    @staticmethod
    def read(context: Callable[[str], Any]) -> "Settings":
        """The settings in CDK's context; from the command line every value is a text."""
        return Settings(
            stack=_stack(context("stack")),
            prod=_flag("prod", context("prod")),
            run_seconds=_run_seconds(context("run_seconds")),
            bundle=_flag("bundle", context("bundle")),
        )


def _stack(value: Any) -> str:
    if not (isinstance(value, str) and _STACK.fullmatch(value)):
        raise SettingError(f"stack must be 1 to 40 letters, digits and hyphens, not '{value}'.")
    return value


def _flag(name: str, value: Any) -> bool:
    if str(value).lower() not in ("true", "false"):
        raise SettingError(f"{name} must be true or false, not '{value}'.")
    return str(value).lower() == "true"


def _run_seconds(value: Any) -> int:
    most = FUNCTIONS["executor"].timeout - _MARGIN
    text = str(value)
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= most):
        raise SettingError(f"run_seconds must be a whole number from 1 to {most}, not '{value}'.")
    return int(text)
