"""Which function, and which of its invocations, the running code belongs to."""

import itertools
from contextvars import ContextVar
from dataclasses import dataclass, field

_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Invocation:
    """One call of a function. `route` is the handler's dotted name where an endpoint is being
    answered.
    """

    function: str
    route: str | None = None
    number: int = field(default_factory=lambda: next(_NUMBERS))


current: ContextVar[Invocation | None] = ContextVar("invocation", default=None)
