"""moto's Lambda, with functions that run in this process."""

import json
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from moto import mock_aws
from moto.awslambda.models import LambdaBackend

from infra.local.aws.function_error import FunctionError, Invoke

_PATIENCE = 20.0  # real seconds


def mocked() -> AbstractContextManager[Any]:
    """moto, with a Step Functions that executes."""
    config: Any = {
        "core": {"reset_boto3_session": False},
        "stepfunctions": {"execute_state_machine": True},
    }
    mock: AbstractContextManager[Any] = mock_aws(config=config)
    return mock


class Invocations:
    """Counts the invocations under way: none may call AWS once moto is gone."""

    def __init__(self, invoke: Invoke) -> None:
        self._invoke = invoke
        self._changed = threading.Condition()
        self._going = 0

    def __call__(self, function: str, event: Any) -> Any:
        with self._changed:
            self._going += 1
        try:
            return self._invoke(function, event)
        finally:
            with self._changed:
                self._going -= 1
                self._changed.notify_all()

    def wait_until_idle(self) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: not self._going, _PATIENCE), "an executor hangs"


@contextmanager
def functions_of_moto(invoke: Invoke) -> Iterator[None]:
    """In the block moto's functions are these. moto itself would start containers."""
    original = LambdaBackend.invoke

    def invoked(
        _backend: Any, function: str, _qualifier: Any, body: Any, _: Any, headers: dict[str, str]
    ) -> bytes:
        try:
            answer = invoke(function.rpartition(":")[2], json.loads(body or "{}"))
        except FunctionError as error:
            headers["x-amz-function-error"] = "Unhandled"
            return json.dumps({"errorType": error.type, "errorMessage": ""}).encode()
        return json.dumps(answer).encode()

    setattr(LambdaBackend, "invoke", invoked)  # noqa: B010  (mypy knows moto's own)
    try:
        yield
    finally:
        setattr(LambdaBackend, "invoke", original)  # noqa: B010
