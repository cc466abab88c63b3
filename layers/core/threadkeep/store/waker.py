"""Waiting for a run's next event, as a port: in AWS one looks again and again, on one machine one
is woken by the write.
"""

from typing import Protocol

from threadkeep.domain.clock import Clock, sleep


class Waker(Protocol):
    """Wakes who waits for events of a run, named by its partition key."""

    def mark(self, run: str) -> object:
        """The present moment: taken before a look, so that nothing written after it is missed."""

    def wait(self, run: str, mark: object, until: float) -> None:
        """Return when something may have been written since `mark`, or at `until` (monotonic)."""


class Polling:
    """Looks again after a while."""

    def __init__(self, clock: Clock, every: float = 0.25) -> None:
        self._clock = clock
        self._every = every

    def mark(self, _run: str) -> object:
        return None

    def wait(self, _run: str, _mark: object, until: float) -> None:
        sleep(self._clock, min(until - self._clock.monotonic(), self._every))
