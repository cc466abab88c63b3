"""How a function becomes AWS's handler: built once, at init, when Lambda gives full CPU."""

import os
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from threadkeep.services import Services

LambdaEvent = Mapping[str, Any]


class LambdaContext(Protocol):
    """What Lambda says of an invocation; on one machine there is none, and no limit."""

    def get_remaining_time_in_millis(self) -> int:
        """The time until Lambda kills the invocation."""


LambdaHandler = Callable[[LambdaEvent, LambdaContext | None], Any]
Build = Callable[[str, Services], LambdaHandler]


def for_lambda(build: Build) -> LambdaHandler:
    """The handler of the function that this process is; outside Lambda one that says so."""
    function = os.environ.get("THREADKEEP_FUNCTION")
    if function is None:
        return _not_in_lambda
    from aws_lambda_powertools import Logger  # noqa: PLC0415  (only Lambda logs as JSON)

    from threadkeep.services import from_environment  # noqa: PLC0415

    # Made for what it does to the process: from here on every record of `threadkeep` is JSON.
    Logger(service="threadkeep", level="INFO")
    return build(function, from_environment())


def _not_in_lambda(_event: LambdaEvent, _context: object) -> Any:
    raise RuntimeError("THREADKEEP_FUNCTION is not set: this handler is for Lambda")
