"""Items and keys written as plain values, and what a refused call says."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

Plain = str | int | float | bool | bytes | None
Attributes = dict[str, dict[str, Any]]


def attribute(value: Plain) -> dict[str, Any]:
    match value:
        case str():
            return {"S": value}
        case bytes():
            return {"B": value}
        case bool():
            return {"BOOL": value}
        case None:
            return {"NULL": True}
    return {"N": str(value)}


def item(**attributes: Plain) -> Attributes:
    return {name: attribute(value) for name, value in attributes.items()}


def values(**attributes: Plain) -> Attributes:
    """ExpressionAttributeValues: `values(a=1)` is `:a`."""
    return {f":{name}": attribute(value) for name, value in attributes.items()}


def run(run_id: str, thread: str = "t", **attributes: Plain) -> Attributes:
    """An item of `runs`."""
    return item(thread=thread, run_id=run_id, **attributes)


def refusal(call: Callable[[], object]) -> dict[str, Any]:
    """The answer to a call that is refused."""
    with pytest.raises(ClientError) as caught:
        call()
    answer: Any = caught.value.response
    return dict(answer)


def code(call: Callable[[], object]) -> str:
    return str(refusal(call)["Error"]["Code"])
