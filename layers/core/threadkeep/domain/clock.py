"""Time as a port: whoever needs the time or waits for it is given a clock.

A clock shows two times. The wall clock (`now`) is for facts that others read: when something was
created, expires, is due. It may be set, forward or back. The monotonic clock is for intervals: how
long a wait, a pause or a time-out lasts. All waiting is by it. Who waits for a moment of the wall
clock reckons anew, each second or with each look, how far off it is.
"""

import threading
import time
from typing import NamedTuple, Protocol


class Clock(Protocol):
    """The time, and the only way to wait for it."""

    def now(self) -> float:
        """The wall clock, in Unix seconds."""

    def monotonic(self) -> float:
        """Seconds since some moment. Nobody can set it."""

    def wait(self, condition: threading.Condition, until: float) -> None:
        """Give up `condition`, which the caller holds, until it is notified or `monotonic` shows
        `until`.

        May return early, as `Condition.wait` may: callers loop over what they wait for.
        """


class SystemClock:
    """The machine's clocks."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def wait(self, condition: threading.Condition, until: float) -> None:
        condition.wait(max(0.0, min(until - time.monotonic(), threading.TIMEOUT_MAX)))


class Moment(NamedTuple):
    """One moment on both clocks."""

    wall: float
    monotonic: float

    @staticmethod
    def of(clock: Clock) -> "Moment":
        """The present."""
        return Moment(clock.now(), clock.monotonic())

    def of_wall(self, when: float) -> float:
        """When `monotonic` will show that the wall clock shows `when`, unless that is set."""
        return self.monotonic + when - self.wall


def sleep(clock: Clock, seconds: float) -> None:
    """Return after so many seconds."""
    condition = threading.Condition()
    until = clock.monotonic() + seconds
    with condition:
        while clock.monotonic() < until:
            clock.wait(condition, until)
