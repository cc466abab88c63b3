"""The event source mapping: brings the stream of a table to a function, as Lambda does.

In order, filtered, at least once. What fails is brought again, in ever smaller batches and ever later;
a record that goes on failing leaves its position in the failure queue and lets the others pass.
"""

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from threadkeep.domain.clock import Clock

from functions.deployment import Trigger
from infra.local.aws_error import Unsupported
from infra.local.checkpoints import Checkpoints
from infra.local.function_error import FunctionError, Invoke

_FIRST_BACK_OFF = 0.5  # seconds, then twice as many each time
_LONGEST_BACK_OFF = 60.0
_LOOK_AGAIN = 1.0  # seconds without a wake-up
_INVALID_ANSWER = "InvalidBatchItemFailures"
_REPORTED = "BatchItemFailure"

logger = logging.getLogger(__name__)


class Record(Protocol):
    """A stream record. `document` is what the function is given, with its SequenceNumber."""

    @property
    def sequence(self) -> int: ...
    @property
    def document(self) -> dict[str, Any]: ...


class Records(Protocol):
    """The streams of the tables."""

    def records(self, table: str, after: int, limit: int) -> Sequence[Record]:
        """The next records, in order."""

    def trim(self, table: str, upto: int) -> None:
        """Forget the records up to and with this one."""

    def wait_for_records(self, table: str, after: int, until: float) -> None:
        """Return when there may be records after `after`, or the clock shows `until`."""


class _Outcome(NamedTuple):
    """Of an attempt: how many records from the front are done, and why not the next one.

    `error` is None if all are. `blind`: which record it was is not known.
    """

    done: int
    error: str | None = None
    blind: bool = False


class _Stopped(Exception):
    pass


class EventSource:
    """A Trigger at work, on a thread of its own.

    The checkpoint moves only after the function's answer, so a crash brings records twice, never not at
    all. Between `stop` and the thread stands `_changed`: once stopped, it touches neither the stream
    nor the checkpoint, and `stop` returns when it can no more; only the function may still be running.
    """

    def __init__(
        self, source: Records, trigger: Trigger, invoke: Invoke, clock: Clock, checkpoints: Path
    ) -> None:
        for pattern in trigger.filters:
            _check(pattern)
        self._source = source
        self._trigger = trigger
        self._invoke = invoke
        self._clock = clock
        self._checkpoints = Checkpoints(checkpoints, trigger.table, trigger.function)
        self._changed = threading.Condition()
        self._stopped = False
        self._away = True  # not on our ground: waiting, in the function, or not running at all
        name = f"{trigger.table}-{trigger.function}"
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._away = False
        self._thread.start()

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._away)
        self._checkpoints.close()

    def _run(self) -> None:
        try:
            while True:
                self._next_batch()
        except _Stopped:
            pass
        finally:
            with self._changed:
                self._away = True
                self._changed.notify_all()

    def _next_batch(self) -> None:
        table, after = self._trigger.table, self._checkpoints.sequence
        records = self._source.records(table, after, self._trigger.batch)
        if not records:
            with self._leaving():
                self._source.wait_for_records(table, after, self._clock.now() + _LOOK_AGAIN)
            return
        filters = self._trigger.filters
        self._deliver(
            [
                record
                for record in records
                if not filters or any(_matches(each, record.document) for each in filters)
            ]
        )
        self._checkpoints.advance(records[-1].sequence)
        self._source.trim(table, self._checkpoints.done())

    def _deliver(self, records: Sequence[Record]) -> None:
        """Bring these records to the function, until each is done or given up."""
        pending = [records]
        failures = 0  # of the record that is next
        while pending:
            batch = pending.pop()
            if not batch:
                continue
            outcome = self._attempt(batch)
            if outcome.done:
                self._checkpoints.advance(batch[outcome.done - 1].sequence)
                batch, failures = batch[outcome.done :], 0
            if outcome.error is None:
                continue
            if outcome.blind and len(batch) > 1:
                middle = len(batch) // 2
                pending += [batch[middle:], batch[:middle]]
                continue
            failures += 1
            if 0 <= self._trigger.retries < failures:
                self._give_up(batch[0], outcome.error)
                batch, failures = batch[1:], 0
            else:
                self._back_off(failures)
            pending.append(batch)

    def _attempt(self, batch: Sequence[Record]) -> _Outcome:
        event = {"Records": [record.document for record in batch]}
        try:
            with self._leaving():
                answer = self._invoke(self._trigger.function, event)
            return _outcome(answer, batch)
        except FunctionError as error:
            return _Outcome(0, error.type, blind=True)

    def _give_up(self, record: Record, error: str) -> None:
        table, function = self._trigger.table, self._trigger.function
        logger.error(
            "record given up | table=%s function=%s sequence=%d error=%s",
            table,
            function,
            record.sequence,
            error,
        )
        self._checkpoints.give_up(record.sequence, error)
        self._checkpoints.advance(record.sequence)

    def _back_off(self, failures: int) -> None:
        until = self._clock.now() + min(
            _FIRST_BACK_OFF * 2 ** min(failures - 1, 10), _LONGEST_BACK_OFF
        )
        with self._changed:
            while not self._stopped and self._clock.now() < until:
                self._clock.wait(self._changed, until)

    @contextmanager
    def _leaving(self) -> Iterator[None]:
        """Be away. Once stopped there is no leaving any more, and no coming back."""
        with self._changed:
            if self._stopped:
                raise _Stopped
            self._away = True
        try:
            yield
        finally:
            with self._changed:
                if self._stopped:
                    raise _Stopped
                self._away = False


def _outcome(answer: Any, batch: Sequence[Record]) -> _Outcome:
    """What a function's answer says. As on Lambda one that can't be understood fails the batch."""
    positions = {_identifier(record): number for number, record in enumerate(batch)}
    try:
        failures = ((answer or {}).get("batchItemFailures")) or []
        first = min((positions[each["itemIdentifier"]] for each in failures), default=len(batch))
    except (AttributeError, KeyError, TypeError):
        return _Outcome(0, _INVALID_ANSWER, blind=True)
    return _Outcome(first, _REPORTED if failures else None)


def _identifier(record: Record) -> Any:
    return record.document["dynamodb"]["SequenceNumber"]


def _check(pattern: Any) -> None:
    """Refuse what is no nesting of names around lists of strings."""
    match pattern:
        case dict() if pattern:
            for name, inner in pattern.items():
                if name.startswith("$"):
                    raise Unsupported(f"{name!r} in a filter")
                _check(inner)
        case list() if pattern and all(isinstance(value, str) for value in pattern):
            pass
        case _:
            raise Unsupported(f"{pattern!r} in a filter")


def _matches(pattern: Any, value: Any) -> bool:
    if isinstance(pattern, Mapping):
        return isinstance(value, Mapping) and all(
            _matches(inner, value.get(name)) for name, inner in pattern.items()
        )
    return value in pattern
