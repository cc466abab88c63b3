"""The `run_events` table: the log of a streamed run: one row an event, numbered without gaps.

The numbers are the order for every reader, and a fencing token for writers: a row is put only where
none is. Whoever takes a run over takes the next number with its first row. So a zombie that still
wants to write a delta finds its number taken, or has written it before and the new attempt sees it.
"""

from collections.abc import Iterator

from threadkeep.domain.events import CallDelta, TextDelta
from threadkeep.domain.references import RunRef
from threadkeep.domain.runs import Run
from threadkeep.store.database import Database
from threadkeep.store.event_rows import Row, object_of, row_of
from threadkeep.store.expressions import above, both, equal
from threadkeep.store.held_run import HeldRun
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

    def after(self, ref: RunRef, seq: int) -> list[Row]:
        """The rows after `seq`, in order."""
        return list(self._query(ref, seq, limit=_PAGE))

    def shown_of(self, ref: RunRef, *object_ids: str) -> list[TextDelta | CallDelta]:
        """The deltas of these objects that readers may have seen, in order."""
        rows = (row for row in self._query(ref, 0, limit=_PAGE) if row.kind == "delta")
        deltas = (object_of(row) for row in rows if row.id in object_ids)
        return [each for each in deltas if isinstance(each, TextDelta | CallDelta)]

    def _query(self, ref: RunRef, after: int, *, limit: int, forward: bool = True) -> Iterator[Row]:
        condition = both(equal("run", ref.path), above("seq", after))
        items = self._database.query(RUN_EVENTS, condition, limit=limit, forward=forward)
        return map(row_of, items)
