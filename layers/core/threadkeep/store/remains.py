"""What a deleted thread leaves behind, and its removal.

The thread's item is gone, so nobody is answered from the rest; nothing here needs to be atomic.
"""

from contextlib import suppress

from threadkeep.domain.run_state import ABANDON
from threadkeep.store.actions import ConditionFailed, Put, Update
from threadkeep.store.database import Database
from threadkeep.store.event_rows import kind_of, sealed_row
from threadkeep.store.expressions import Value, absent, equal, one_of
from threadkeep.store.items import Item
from threadkeep.store.tables import (
    CONTENTS,
    MESSAGES,
    RUN_EVENTS,
    RUN_STEPS,
    RUNS,
    Table,
)

_PAGE = 500
_RUN = ("thread", "run_id")
_ROW = ("run", "seq", "attempt", "event", "expires", "row")


class Remains:
    """Removes what lies under a thread that is not there any more."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def remove(self, thread: str) -> None:
        """Remove everything in the partition `thread`, run by run, then the messages.

        A run may be going. It is fenced first: from then on no transaction of an executor, Settle
        or anybody else passes its condition, so nothing comes after what is removed. Killed
        anywhere, the next call finds what is left: a run's item goes last. Of what it has streamed
        rows without content stay until they expire.
        """
        for run in self._database.query(RUNS, equal("thread", thread), limit=_PAGE, only=_RUN):
            self._fence(run)
            partition = f"{thread}/{run['run_id']}"
            self._remove_all(RUN_STEPS, partition)
            self._seal_log(partition)
            self._database.delete_all(RUNS, [run])
        for table in (CONTENTS, MESSAGES):
            self._remove_all(table, thread)

    def _fence(self, run: Item) -> None:
        changes: dict[str, Value | None] = {"status": ABANDON.target, "abandoned": True}
        try:
            active = one_of("status", ABANDON.sources)
            self._database.write(Update(RUNS, run, changes, active))
        except ConditionFailed:
            return  # it is over, or another cleaner removed it just now: nobody writes it any more

    def _seal_log(self, partition: str) -> None:
        """Take all content out of a log. Its rows stay, and one more, until they expire.

        A delta does not check the run: its fencing token is its number. An executor that does not
        know that the run is gone finds its next number taken, however old it is: by a row that is
        there, or by the one behind the last. What it writes before that is one of the rows.
        """
        log = equal("run", partition)
        while last := next(self._database.query(RUN_EVENTS, log, limit=1, forward=False), None):
            if kind_of(last) == "sealed":
                break
            fence = Put(RUN_EVENTS, sealed_row(last, int(last["seq"]) + 1), absent("seq"))
            with suppress(ConditionFailed):
                self._database.put(fence)
        rows = self._database.query(RUN_EVENTS, log, limit=_PAGE, only=_ROW)
        full = (row for row in rows if kind_of(row) != "sealed")
        self._database.put_all(RUN_EVENTS, (sealed_row(row, int(row["seq"])) for row in full))

    def _remove_all(self, table: Table, partition: str) -> None:
        keys = [key.name for key in (table.partition_key, table.sort_key) if key]
        found = self._database.query(table, equal(keys[0], partition), limit=_PAGE, only=keys)
        self._database.delete_all(table, found)
