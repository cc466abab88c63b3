"""Time as a port: whoever needs the time or waits for it is given a clock."""

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """The time, and the only way to wait for it."""

    def now(self) -> float:
        """Unix seconds."""

    def wait(self, condition: threading.Condition, until: float) -> None:
        """Give up `condition`, which the caller holds, until it is notified or the clock shows
        `until`.

        May return early, as `Condition.wait` may: callers loop over what they wait for.
        """


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        return time.time()

    def wait(self, condition: threading.Condition, until: float) -> None:
        condition.wait(max(0.0, min(until - time.time(), threading.TIMEOUT_MAX)))


def sleep_until(clock: Clock, when: float) -> None:
    """Return once the clock shows `when`."""
    condition = threading.Condition()
    with condition:
        while clock.now() < when:
            clock.wait(condition, when)
