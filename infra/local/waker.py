"""Wakes the readers of a run when one of its events was written, and no one else's."""

import threading
from collections.abc import Iterator
from typing import NamedTuple
from weakref import WeakValueDictionary

from infra.local.aws.transport import AwsCall
from threadkeep.domain.clock import Clock
from threadkeep.store.tables import RUN_EVENTS


class _Bell:
    """Of a run that has readers; gone with the last of them."""

    def __init__(self) -> None:
        self.condition = threading.Condition()
        self.rung = 0


class _Mark(NamedTuple):
    bell: _Bell
    rung: int


class EventWaker:
    """A `Waker`, and the interceptor that sees the writes.

    A mark is how often the run's bell has rung. It is taken before a reader looks, so a write that
    comes between the look and the wait is not slept through.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._bells: WeakValueDictionary[str, _Bell] = WeakValueDictionary()

    def mark(self, run: str) -> object:
        with self._lock:
            bell = self._bells.get(run)
            if bell is None:
                bell = self._bells[run] = _Bell()
        with bell.condition:
            return _Mark(bell, bell.rung)

    def wait(self, _run: str, mark: object, until: float) -> None:
        if not isinstance(mark, _Mark):
            raise TypeError("a mark is what `mark` gave")
        with mark.bell.condition:
            while mark.bell.rung == mark.rung and self._clock.monotonic() < until:
                self._clock.wait(mark.bell.condition, until)

    def before(self, call: AwsCall, /) -> None:
        """Nothing: only what is written wakes anybody."""

    def after(self, call: AwsCall, /) -> None:
        for run in set(_runs(call)):
            with self._lock:
                bell = self._bells.get(run)
            if bell:
                with bell.condition:
                    bell.rung += 1
                    bell.condition.notify_all()


def _runs(call: AwsCall) -> Iterator[str]:
    """The runs that a call wrote events of."""
    puts = [call.request] if call.operation == "PutItem" else []
    if call.operation == "TransactWriteItems":
        puts = [each["Put"] for each in call.request["TransactItems"] if "Put" in each]
    for put in puts:
        if put["TableName"] == RUN_EVENTS.name:
            yield put["Item"]["run"]["S"]
