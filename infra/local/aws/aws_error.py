"""An error as an AWS service answers it."""

from typing import Any


class AwsError(Exception):
    """`code` and `message` as in the service's reference; `fields` are further keys of the error's
    body.
    """

    def __init__(self, code: str, message: str, status: int = 400, **fields: Any) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.fields = fields


class Unsupported(AwsError):
    """Something that AWS has and the emulator refuses, by name, because Threadkeep does not use
    it.
    """

    def __init__(self, what: str) -> None:
        super().__init__("ValidationException", f"The emulator does not support {what}")
