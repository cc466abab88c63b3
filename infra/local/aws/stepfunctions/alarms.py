"""What rings when: after an interval, or when the wall clock shows a time."""

import heapq
import itertools
import math
from typing import Generic, TypeVar

from threadkeep.domain.clock import Clock, Moment

_LOOK_AGAIN = 1.0  # seconds between two looks at the wall clock: it may have been set

T = TypeVar("T")


class Alarms(Generic[T]):
    """Alarms and whose they are. The caller serialises all calls."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._numbers = itertools.count()  # so that two alarms of one time never compare further
        self._after: list[tuple[float, int, T]] = []  # by the monotonic clock
        self._at: list[tuple[float, int, T]] = []  # by the wall clock

    def after(self, seconds: float, whose: T) -> None:
        """Ring after so many seconds, however the wall clock is set."""
        at = self._clock.monotonic() + seconds
        heapq.heappush(self._after, (at, next(self._numbers), whose))

    def at(self, when: float, whose: T) -> None:
        """Ring when the wall clock shows `when`."""
        heapq.heappush(self._at, (when, next(self._numbers), whose))

    def ringing(self) -> T | None:
        """Whose alarm is due, if any; it is done with."""
        now = Moment.of(self._clock)
        for alarms, time in ((self._after, now.monotonic), (self._at, now.wall)):
            if alarms and alarms[0][0] <= time:
                return heapq.heappop(alarms)[2]
        return None

    def next_look(self) -> float:
        """When (monotonic) to ask again whose alarm is due."""
        after = self._after[0][0] if self._after else math.inf
        if not self._at:
            return after
        now = Moment.of(self._clock)
        return min(after, now.of_wall(self._at[0][0]), now.monotonic + _LOOK_AGAIN)
