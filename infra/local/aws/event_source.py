"""The event source mapping: brings the stream of a table to a function, as Lambda does.

In order within a project, filtered, at least once. What fails is brought again, in smaller batches
and ever later. A record that goes on failing leaves its position in the failure queue and lets the
others pass.
"""

import logging
from collections.abc import Sequence
from copy import deepcopy
from typing import Any, NamedTuple

from functions.deployment import Trigger
from infra.local.aws import event_filter
from infra.local.aws.backlog import Backlog
from infra.local.aws.dynamodb.checkpoints import Checkpoints
from infra.local.aws.function_error import FunctionError, Invoke
from infra.local.aws.records import Record, Records
from infra.local.worker import Worker
from threadkeep.domain.clock import Clock

_BACK_OFF = 0.5  # seconds, then twice as many after each failure
_DOUBLINGS = 7
_LOOK_AHEAD = 400  # records that are read and not done: each may hold an item of 400 KB
_AT_ONCE = 10  # records that a function is given: so many another project waits for
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


class EventSource:
    """A Trigger at work, on a thread of its own.

    The checkpoint moves after the function's answer, so a crash brings records twice, never not at
    all. After `stop` neither the stream nor the checkpoint is touched any more.
    """

    def __init__(
        self,
        source: Records,
        trigger: Trigger,
        invoke: Invoke,
        clock: Clock,
        checkpoints: Checkpoints,
    ) -> None:
        for pattern in trigger.filters:
            event_filter.check(pattern)
        self._source = source
        self._trigger = trigger
        self._invoke = invoke
        self._clock = clock
        self._checkpoints = checkpoints
        self._backlog = Backlog(checkpoints.sequence)
        self._worker = Worker(f"{trigger.table}-{trigger.function}", self._next_batch, clock)

    def start(self) -> None:
        self._worker.start()

    def stop(self) -> None:
        self._worker.stop()

    def _next_batch(self) -> None:
        table, backlog = self._trigger.table, self._backlog
        if len(backlog) < _LOOK_AHEAD:
            self._read(self._source.records(table, backlog.read, self._trigger.batch))
        if not backlog:
            self._advance()
            with self._worker.away():
                until = self._clock.monotonic() + _LOOK_AGAIN
                self._source.wait_for_records(table, backlog.read, until)
            return
        try:
            self._deliver(backlog.take(min(self._trigger.batch, _AT_ONCE)))
        except Exception:
            self._backlog = Backlog(self._checkpoints.sequence)  # what was taken comes again
            raise
        self._advance()

    def _read(self, records: Sequence[Record]) -> None:
        self._backlog.add(record for record in records if self._wanted(record))
        if records:
            self._backlog.read = records[-1].sequence

    def _advance(self) -> None:
        """Remember how far all is done."""
        done = self._backlog.done
        if done > self._checkpoints.sequence:
            self._checkpoints.advance(done)
            self._source.trim(self._trigger.table, self._checkpoints.done())

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
                self._backlog.close(batch[: outcome.done])
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
            with self._worker.away():
                answer = self._invoke(self._trigger.function, event)
            return _outcome(answer, batch)
        except FunctionError as error:
            return _Outcome(0, error.type, blind=True)

    def _give_up(self, record: Record, error: str) -> None:
        table, function = self._trigger.table, self._trigger.function
        place = f"table={table} function={function} sequence={record.sequence}"
        logger.error("record given up | %s error=%s", place, error)
        self._checkpoints.give_up(record.sequence, error)
        self._backlog.close([record])

    def _back_off(self, failures: int) -> None:
        self._worker.pause(_BACK_OFF * 2 ** min(failures - 1, _DOUBLINGS))


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
