"""The event source mapping: brings the stream of a table to a function, as Lambda does.

In order, filtered, at least once. What fails is brought again, in smaller batches and ever later.
A record that goes on failing leaves its position in the failure queue and lets the others pass.
"""

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

from functions.deployment import Trigger
from infra.local import event_filter
from infra.local.checkpoints import Checkpoints
from infra.local.function_error import FunctionError, Invoke
from infra.local.records import Record, Records
from threadkeep.domain.clock import Clock

_BACK_OFF = 0.5  # seconds, then twice as many after each failure
_DOUBLINGS = 7
_LOOK_AGAIN = 1.0  # seconds without a wake-up
_INVALID_ANSWER = "InvalidBatchItemFailures"
_REPORTED = "BatchItemFailure"

logger = logging.getLogger(__name__)


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

    The checkpoint moves after the function's answer, so a crash brings records twice, never not at
    all. `stop` waits until the thread has ended or is away: in the function, or idle in the source.
    From there it can't come back: it ends without touching the stream or the checkpoint again.
    """

    def __init__(
        self, source: Records, trigger: Trigger, invoke: Invoke, clock: Clock, checkpoints: Path
    ) -> None:
        for pattern in trigger.filters:
            event_filter.check(pattern)
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
                self._source.wait_for_records(table, after, self._clock.monotonic() + _LOOK_AGAIN)
            return
        self._deliver([record for record in records if self._wanted(record)])
        self._checkpoints.advance(records[-1].sequence)
        self._source.trim(table, self._checkpoints.done())

    def _wanted(self, record: Record) -> bool:
        filters = self._trigger.filters
        return not filters or any(event_filter.matches(each, record.document) for each in filters)

    def _deliver(self, records: Sequence[Record]) -> None:
        """Bring these records to the function, until each is done or given up."""
        pending = [records] if records else []
        failures = 0  # of the record that is next
        while pending:
            batch = pending.pop()
            outcome = self._attempt(batch)
            if outcome.done:
                self._checkpoints.advance(batch[outcome.done - 1].sequence)
                batch, failures = batch[outcome.done :], 0
            if outcome.blind and len(batch) > 1:
                middle = len(batch) // 2
                pending += [batch[middle:], batch[:middle]]
            elif outcome.error is not None:
                failures += 1
                if 0 <= self._trigger.retries < failures:
                    self._give_up(batch[0], outcome.error)
                    batch, failures = batch[1:], 0
                else:
                    self._back_off(failures)
                pending += [batch] if batch else []

    def _attempt(self, batch: Sequence[Record]) -> _Outcome:
        event = {"Records": [deepcopy(record.document) for record in batch]}  # as sent over a wire
        try:
            with self._leaving():
                answer = self._invoke(self._trigger.function, event)
            return _outcome(answer, batch)
        except FunctionError as error:
            return _Outcome(0, error.type, blind=True)

    def _give_up(self, record: Record, error: str) -> None:
        table, function = self._trigger.table, self._trigger.function
        place = f"table={table} function={function} sequence={record.sequence}"
        logger.error("record given up | %s error=%s", place, error)
        self._checkpoints.give_up(record.sequence, error)
        self._checkpoints.advance(record.sequence)

    def _back_off(self, failures: int) -> None:
        until = self._clock.monotonic() + _BACK_OFF * 2 ** min(failures - 1, _DOUBLINGS)
        with self._changed:
            while not self._stopped and self._clock.monotonic() < until:
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
