"""What a deleted thread leaves behind, and its removal.

The thread's item is gone, so nobody is answered from the rest; nothing here needs to be atomic.
"""

from threadkeep.domain.run_state import ABANDON
from threadkeep.store.actions import ConditionFailed, Update
from threadkeep.store.database import Database
from threadkeep.store.expressions import Condition, Value, below, both, equal, one_of
from threadkeep.store.items import Item
from threadkeep.store.run_events import NOBODY, seal
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


class Remains:
    """Removes what lies under a thread that is not there any more."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def remove(self, thread: str) -> None:
        """Remove everything in the partition `thread`, run by run, then the messages.

        A run may be going. It is fenced first: from then on no transaction of an executor, Settle
        or anybody else passes its condition, so nothing comes after what is removed. Killed
        anywhere, the next call finds what is left: a run's item goes last. Of a streamed run a row
        without content stays until it expires.
        """
        for run in self._database.query(RUNS, equal("thread", thread), limit=_PAGE, only=_RUN):
            self._fence(run)
            partition = f"{thread}/{run['run_id']}"
            self._remove_all(RUN_STEPS, partition)
            self._remove_events(partition)
            self._database.delete_all(RUNS, [run])
        for table in (CONTENTS, MESSAGES):
            self._remove_all(table, thread)

    def _fence(self, run: Item) -> None:
        changes: dict[str, Value | None] = {"status": ABANDON.target}
        try:
            active = one_of("status", ABANDON.sources)
            self._database.write(Update(RUNS, run, changes, active))
        except ConditionFailed:
            return  # it is over, or another cleaner removed it just now: nobody writes it any more

    def _remove_events(self, partition: str) -> None:
        """Remove a log but for its seal, which only expires.

        A delta does not check the run: its fence is its number. An executor that does not know yet
        that the run is gone either finds its next number taken by the seal, or has written it
        before, and it is removed.
        """
        log = equal("run", partition)
        while last := next(self._database.query(RUN_EVENTS, log, limit=1, forward=False), None):
            if last["attempt"] == NOBODY:
                return self._remove(RUN_EVENTS, both(log, below("seq", last["seq"])))
            try:
                self._database.put(seal(partition, last))
            except ConditionFailed:
                continue
        return None

    def _remove_all(self, table: Table, partition: str) -> None:
        self._remove(table, equal(table.partition_key.name, partition))

    def _remove(self, table: Table, condition: Condition) -> None:
        keys = [key.name for key in (table.partition_key, table.sort_key) if key]
        found = self._database.query(table, condition, limit=_PAGE, only=keys)
        self._database.delete_all(table, found)
