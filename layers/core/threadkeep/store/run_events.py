"""The `run_events` table: what a streamed run has told, one row an event, numbered without gaps.

The numbers are the order for every reader, and a fencing token for writers: a row is put only where
none is. Whoever takes a run over takes the next number with its first row. So a zombie that still
wants to write a delta finds its number taken, or has written it before and the new attempt sees it.
"""

from collections.abc import Iterator

from threadkeep.domain.events import CallDelta, TextDelta, delta
from threadkeep.domain.objects import Run
from threadkeep.store.actions import ConditionFailed, Put
from threadkeep.store.database import Database
from threadkeep.store.event_rows import Row, delta_row, object_of, row_of
from threadkeep.store.expressions import above, absent, both, either, equal
from threadkeep.store.held_run import HeldRun, RunLost
from threadkeep.store.keys import RunRef
from threadkeep.store.tables import RUN_EVENTS

_PAGE = 500


class RunEvents:
    """The logs of all streamed runs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def hold(self, ref: RunRef, run: Run) -> HeldRun:
        """The run, as it was read before, with the end of its log."""
        if not run.streamed:
            return HeldRun(ref, run)
        last = next(self._query(ref, 0, limit=1, forward=False), None)
        return HeldRun(ref, run, last.seq, last.kind) if last else HeldRun(ref, run)

    def append(self, held: HeldRun, change: TextDelta | CallDelta) -> HeldRun:
        """Write a delta, outside a transaction; RunLost if somebody else has taken its number.

        Of an attempt only its executor writes deltas; Settle and cancel write other rows in its
        name. So a delta of this name and attempt is this one, sent again after a lost answer.
        """
        event = delta(change)
        itself = both(equal("attempt", held.run.attempt), equal("event", event.name))
        condition = either(absent("seq"), itself)
        try:
            self._database.put(Put(RUN_EVENTS, delta_row(held, event), condition))
        except ConditionFailed:
            raise RunLost(None) from None
        return HeldRun(held.ref, held.run, held.last_row + 1, "delta")

    def after(self, ref: RunRef, seq: int) -> list[Row]:
        """The rows after `seq`, in order."""
        return list(self._query(ref, seq, limit=_PAGE))

    def shown_of(self, ref: RunRef, *object_ids: str) -> list[TextDelta | CallDelta]:
        """The deltas of these objects that readers may have seen, in order."""
        rows = (row for row in self._query(ref, 0, limit=_PAGE) if row.kind == "delta")
        deltas = (object_of(row) for row in rows if row.id in object_ids)
        return [each for each in deltas if isinstance(each, TextDelta | CallDelta)]

    def _query(self, ref: RunRef, after: int, *, limit: int, forward: bool = True) -> Iterator[Row]:
        condition = both(equal("run", ref.partition), above("seq", after))
        items = self._database.query(RUN_EVENTS, condition, limit=limit, forward=forward)
        return map(row_of, items)
