"""A clock that only moves when a test says so."""

import threading

# A lost wake-up must fail a test, not hang it: waits end after this many real seconds and their
# loops look again.
_PATIENCE = 0.5


class FakeClock:
    """Time as a value. `advance` moves it and wakes everybody who waits on it."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._waiting: list[threading.Condition] = []

    def now(self) -> float:
        with self._lock:
            return self._now

    def wait(self, condition: threading.Condition, until: float) -> None:
        """As `Clock.wait`. The caller holds `condition` from the look at the time on, so no
        wake-up is lost.
        """
        with self._lock:
            if self._now >= until:
                return
            self._waiting.append(condition)
        try:
            condition.wait(_PATIENCE)
        finally:
            with self._lock:
                self._waiting.remove(condition)

    def advance(self, seconds: float) -> None:
        with self._lock:
            self._now += seconds
            waiting = list(self._waiting)
        for condition in waiting:
            with condition:
                condition.notify_all()
