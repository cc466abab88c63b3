"""Clocks that move when a test says so."""

import threading
import time

# A lost wake-up must fail a test, not hang it: waits end after this many real seconds and their
# loops look again.
_PATIENCE = 0.5
_BOOTED = 5_000.0  # what the monotonic clock shows at first: nobody may take it for the wall clock


class FakeClock:
    """Time as a value. `advance` moves both clocks and wakes everybody who waits on them."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self._monotonic = _BOOTED
        self._ahead = now - _BOOTED  # the wall clock, of the monotonic one
        self._lock = threading.Lock()
        self._waiting: list[threading.Condition] = []

    def now(self) -> float:
        with self._lock:
            return self._shown() + self._ahead

    def monotonic(self) -> float:
        with self._lock:
            return self._shown()

    def wait(self, condition: threading.Condition, until: float) -> None:
        """As `Clock.wait`. The caller holds `condition` from the look at the time on, so no
        wake-up is lost.
        """
        with self._lock:
            left = until - self._shown()
            if left <= 0:
                return
            self._waiting.append(condition)
        try:
            condition.wait(self._patience(left))
        finally:
            with self._lock:
                self._waiting.remove(condition)

    def advance(self, seconds: float) -> None:
        with self._lock:
            self._monotonic += seconds
            waiting = list(self._waiting)
        for condition in waiting:
            with condition:
                condition.notify_all()

    def set_wall(self, by: float) -> None:
        """Set the wall clock forward or back by so many seconds. As on a machine nobody is woken
        by that, and no time passes.
        """
        with self._lock:
            self._ahead += by

    def _shown(self) -> float:
        return self._monotonic

    def _patience(self, _left: float) -> float:
        return _PATIENCE


class RunningClock(FakeClock):
    """Goes by itself, as the machine's does, and jumps ahead when it is advanced."""

    def __init__(self) -> None:
        super().__init__()
        self._ahead = time.time() - self.monotonic()

    def _shown(self) -> float:
        return self._monotonic + time.monotonic()

    def _patience(self, left: float) -> float:
        return min(left, _PATIENCE)
