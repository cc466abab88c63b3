"""Losing a race for a run: no error, but news of how the run stands by now."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from threadkeep.domain.objects import Run

T = TypeVar("T")


@dataclass
class RunLost(Exception):
    """The run was not as the writer had to find it; nothing was written. `run` is what is there."""

    run: Run | None


def as_long_as_lost(decide: Callable[[], T]) -> T:
    """Decide anew by what is there whenever somebody else moved the run on meanwhile.

    Ends, because the others' moves do: a run has finitely many.
    """
    while True:
        try:
            return decide()
        except RunLost:
            continue
