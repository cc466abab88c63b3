"""Small valid bodies to start from, and what a wrong one is refused with."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from pydantic import BaseModel

from threadkeep.domain.errors import InvalidRequest
from threadkeep.wire.validation import parse

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

ASSISTANT: dict[str, Any] = {"model": "gpt-4o"}
MESSAGE: dict[str, Any] = {"role": "user", "content": "Hello"}
RUN: dict[str, Any] = {"assistant_id": "asst_1"}


def assistant(**fields: Any) -> dict[str, Any]:
    """An assistant with these fields."""
    return ASSISTANT | fields


def function(**fields: Any) -> dict[str, Any]:
    """An assistant with a function of these fields."""
    return assistant(tools=[{"type": "function", "function": fields}])


def message(**fields: Any) -> dict[str, Any]:
    """A message with these fields."""
    return MESSAGE | fields


def part(**fields: Any) -> dict[str, Any]:
    """A message with a content part of these fields."""
    return message(content=[fields])


def run(**fields: Any) -> dict[str, Any]:
    """A run with these fields."""
    return RUN | fields


def refusal(model: type[BaseModel], body: Any) -> InvalidRequest:
    """The error that a body (JSON, or bytes) is refused with."""
    raw = body if isinstance(body, str | bytes) else json.dumps(body)
    with pytest.raises(InvalidRequest) as refused:
        parse(model, raw)
    assert refused.value.__context__ is None, "pydantic's error, which knows the input, hangs on"
    return refused.value
