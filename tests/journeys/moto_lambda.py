"""moto's Lambda, with functions that run in this process."""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from moto import mock_aws
from moto.awslambda.models import LambdaBackend

from infra.local.aws.function_error import FunctionError, Invoke


def mocked() -> AbstractContextManager[Any]:
    """moto, with a Step Functions that executes."""
    config: Any = {
        "core": {"reset_boto3_session": False},
        "stepfunctions": {"execute_state_machine": True},
    }
    mock: AbstractContextManager[Any] = mock_aws(config=config)
    return mock


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
