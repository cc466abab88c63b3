"""Calls that are sent at the same time: they cost one round trip."""

import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any, TypeVar

T = TypeVar("T")

sent_together: ContextVar[object | None] = ContextVar("sent_together", default=None)
"""Marks calls that travel at the same time, for those who count round trips."""


def together(first: Callable[[], T], *others: Callable[[], Any]) -> tuple[Any, ...]:
    """The answers of calls that are sent at the same time. Leaves no thread behind."""
    token = sent_together.set(object())
    try:
        with ThreadPoolExecutor(len(others)) as pool:
            waiting = [pool.submit(contextvars.copy_context().run, call) for call in others]
            return (first(), *(future.result() for future in waiting))
    finally:
        sent_together.reset(token)
