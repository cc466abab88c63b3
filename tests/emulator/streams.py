"""What the tests of the event source share: a stream, a function and a telling clock."""

import queue
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from functions.deployment import Trigger
from infra.local.aws.dynamodb.checkpoints import Checkpoints
from infra.local.aws.dynamodb.storage import Storage
from infra.local.aws.event_source import EventSource
from infra.local.aws.function_error import FunctionError, Invoke
from tests.fake_clock import FakeClock

_PATIENCE = 0.5  # real seconds; a wait may always end early


@dataclass(frozen=True)
class Change:
    """A stream record."""

    sequence: int
    document: dict[str, Any]


def change(sequence: int, status: str = "queued", event: str = "INSERT") -> Change:
    image = {"run_id": {"S": f"run_{sequence}"}, "status": {"S": status}}
    detail = {"SequenceNumber": f"{sequence:021d}", "NewImage": image}
    return Change(sequence, {"eventName": event, "dynamodb": detail})


class Stream:
    """Records in memory. `trims` tells how far the mapping has come, each time it has."""

    def __init__(self, changes: Sequence[Change] = ()) -> None:
        self.trims: queue.Queue[int] = queue.Queue()
        self._changes = list(changes)
        self._added = threading.Condition()

    def add(self, *changes: Change) -> None:
        with self._added:
            self._changes += changes
            self._added.notify_all()

    def records(self, table: str, after: int, limit: int) -> list[Change]:
        with self._added:
            assert table == "runs"
            return [change for change in self._changes if change.sequence > after][:limit]

    def trim(self, table: str, upto: int) -> None:
        assert table == "runs"
        with self._added:
            self._changes = [change for change in self._changes if change.sequence > upto]
        self.trims.put(upto)

    def wait_for_records(self, table: str, after: int, until: float) -> None:
        assert until > 0
        with self._added:
            if not self.records(table, after, 1):
                self._added.wait(_PATIENCE)


class SleepClock(FakeClock):
    """A FakeClock whose `sleeps` tell until when somebody waits."""

    def __init__(self) -> None:
        super().__init__()
        self.sleeps: queue.Queue[float] = queue.Queue()
        self._last = 0.0

    def wait(self, condition: threading.Condition, until: float) -> None:
        if until != self._last:
            self._last = until
            self.sleeps.put(until - self.monotonic())
        super().wait(condition, until)

    def next_sleep(self) -> float:
        """How long the next sleep lasts. It is slept through."""
        seconds = self.sleeps.get(timeout=10)
        self.advance(seconds)
        return seconds


class Dispatcher:
    """A function. `bad` are the records it fails with an error, `reported` those it reports."""

    def __init__(
        self, bad: dict[int, int] | None = None, reported: dict[int, int] | None = None
    ) -> None:
        self.calls: list[list[int]] = []
        self._bad, self._reported = bad or {}, reported or {}  # sequence → how many times

    def __call__(self, function: str, event: Any) -> Any:
        assert function == "dispatcher"
        numbers = [int(record["dynamodb"]["SequenceNumber"]) for record in event["Records"]]
        self.calls.append(numbers)
        if any(_count_down(self._bad, number) for number in numbers):
            raise FunctionError("ValueError", "it failed")
        failed = [number for number in numbers if _count_down(self._reported, number)]
        return {"batchItemFailures": [{"itemIdentifier": f"{number:021d}"} for number in failed]}


def _count_down(counts: dict[int, int], number: int) -> bool:
    counts[number] = counts.get(number, 0) - 1
    return counts[number] >= 0


def trigger(**fields: Any) -> Trigger:
    return Trigger("runs", "dispatcher", **{"filters": (), "retries": 2, **fields})


def checkpoints(path: Path, function: str = "dispatcher") -> Checkpoints:
    """How far this function has come in the stream of runs."""
    return Checkpoints(Storage(path), "runs", function)


@contextmanager
def mapping(
    path: Path, stream: Stream, function: Invoke, clock: SleepClock, **fields: Any
) -> Iterator[EventSource]:
    source = EventSource(stream, trigger(**fields), function, clock, checkpoints(path))
    source.start()
    yield source
    source.stop()


def failures(path: Path) -> list[tuple[str, str, int, str]]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute("SELECT * FROM failures ORDER BY sequence").fetchall()


def changes(*numbers: int) -> list[Change]:
    return [change(number) for number in numbers]
