"""How a local Lambda function is called, and how it fails, for whoever calls it."""

from collections.abc import Callable
from typing import Any

# (function name, payload) → the function's JSON answer. Raises FunctionError and nothing else.
Invoke = Callable[[str, Any], Any]


class FunctionError(Exception):
    """The function raised, or could not be run. `type` is what AWS reports as errorType.

    A service error has the service's name, such as `Lambda.TooManyRequestsException`.
    """

    def __init__(self, type: str, message: str) -> None:  # noqa: A002 - AWS's word for it
        super().__init__(type)
        self.type = type
        self.message = message
