"""An error inside an execution: what Retry and Catch match by name."""

ALL = "States.ALL"
TASK_FAILED = "States.TaskFailed"
TIMEOUT = "States.Timeout"
RUNTIME = "States.Runtime"
DATA_LIMIT_EXCEEDED = "States.DataLimitExceeded"

_TERMINAL = {RUNTIME, DATA_LIMIT_EXCEEDED}


class StatesError(Exception):
    """`error` and `cause` as a Catch sees them. Our own causes name fields, never their values."""

    def __init__(self, error: str, cause: str = "") -> None:
        super().__init__(error)
        self.error = error
        self.cause = cause

    def matches(self, names: list[str]) -> bool:
        """Whether an ErrorEquals means this error. No wildcard means a terminal one."""
        if self.error in _TERMINAL:
            return False
        failed = TASK_FAILED in names and self.error != TIMEOUT
        return failed or ALL in names or self.error in names
