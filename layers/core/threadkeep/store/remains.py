"""What a deleted thread leaves behind, and its removal.

The thread's item is gone, so nobody is answered from the rest; nothing here needs to be atomic.
"""

from threadkeep.domain.run_state import ABANDON
from threadkeep.store.database import ConditionFailed, Database, Update
from threadkeep.store.expressions import Value, equal, one_of
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


class Remains:
    """Removes what lies under a thread that is not there any more."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def remove(self, thread: str) -> None:
        """Remove everything in the partition `thread`, run by run, then the messages.

        A run may be going. It is fenced first: from then on no transaction of an executor, Settle
        or anybody else passes its condition, so nothing comes after what is removed. Killed
        anywhere, the next call finds what is left: a run's item goes last.
        """
        for run in self._database.query(RUNS, equal("thread", thread), limit=_PAGE, only=_RUN):
            self._fence(run)
            partition = f"{thread}/{run['run_id']}"
            for table in (RUN_STEPS, RUN_EVENTS):
                self._remove_all(table, partition)
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

    def _remove_all(self, table: Table, partition: str) -> None:
        keys = [key.name for key in (table.partition_key, table.sort_key) if key]
        found = self._database.query(table, equal(keys[0], partition), limit=_PAGE, only=keys)
        self._database.delete_all(table, found)
