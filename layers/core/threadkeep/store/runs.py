"""The `runs` table, as readers see it. Transitions are written in `transitions`."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple, cast

from threadkeep.domain.errors import NotFound
from threadkeep.domain.objects import Page, PageRequest
from threadkeep.domain.references import RunRef, ThreadRef
from threadkeep.domain.run_state import PARK, effective
from threadkeep.domain.runs import Run, RunStatus
from threadkeep.store.actions import Update
from threadkeep.store.database import Database
from threadkeep.store.expressions import between, both, equal
from threadkeep.store.held_run import HeldRun
from threadkeep.store.items import Item, differences, restore
from threadkeep.store.keys import key_of
from threadkeep.store.pages import Range, ids_between, page
from threadkeep.store.round_trips import together
from threadkeep.store.run_events import RunEvents
from threadkeep.store.run_steps import RunSteps
from threadkeep.store.tables import RUNS, THREADS
from threadkeep.store.threads import thread_of


def run_of(item: Item) -> Run:
    return restore(Run, item, str(item["run_id"]))


class Standing(NamedTuple):
    """Who works on a run, and its status."""

    attempt: int
    status: RunStatus


class Runs:
    """The runs of all threads. `now` is in whole Unix seconds: a deadline is one, too."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._steps = RunSteps(database)
        self._events = RunEvents(database)

    def get(self, ref: RunRef, now: float) -> Run:
        """The run as readers see it at `now`, or NotFound. One more look if it waits for calls."""
        return self._with_calls(ref.thread, self.without_calls(ref, now))

    def without_calls(self, ref: RunRef, now: float) -> Run:
        """The run at `now`, but for the calls that it waits for, or NotFound."""
        thread, item = self._database.get_many((THREADS, key_of(ref.thread)), (RUNS, key_of(ref)))
        thread_of(thread, ref.thread_id)
        if item is None:
            raise NotFound("run", ref.run_id)
        return effective(run_of(item), now)

    def list(self, ref: ThreadRef, request: PageRequest, now: float) -> Page[Run]:
        """A page of the thread's runs as readers see them at `now`, or NotFound."""
        range_ = ids_between("run", request)
        found, runs = together(
            lambda: self._database.get(THREADS, key_of(ref)),
            lambda: page(request, range_, lambda r, n: self._read(ref, r, n), run_of),
        )
        thread_of(found, ref.thread_id)
        data = [self._with_calls(ref, effective(run, now)) for run in runs.data]
        return Page(data=data, has_more=runs.has_more)

    def modify(self, ref: RunRef, before: Run, after: Run) -> None:
        """Write what differs, in any state of the run: never what a transition writes."""
        missing = NotFound("run", ref.run_id)
        self._database.change(missing, Update(RUNS, key_of(ref), differences(before, after)))

    def read(self, ref: RunRef) -> Run | None:
        """The run as it is stored, for those who write it."""
        item = self._database.get(RUNS, key_of(ref))
        return run_of(item) if item else None

    def hold(self, ref: RunRef) -> HeldRun | None:
        """The run's item and the end of its log, for those who write it. The run is read first:
        what comes between takes the next row, and a write finds that.
        """
        run = self.read(ref)
        return self._events.hold(ref, run) if run else None

    def standings(self, refs: Collection[RunRef]) -> Mapping[RunRef, Standing]:
        """The standings of at most `MOST_KEYS` runs, of any threads. Those gone are left out."""
        keys = [(RUNS, key_of(ref)) for ref in refs]
        items = self._database.get_many(*keys, only=("attempt", "status"))
        return {
            ref: Standing(int(item["attempt"]), cast("RunStatus", item["status"]))
            for ref, item in zip(refs, items, strict=True)
            if item
        }

    def _with_calls(self, ref: ThreadRef, run: Run) -> Run:
        """The run with the calls that it waits for: at most one of a thread's runs does."""
        if run.status != PARK.target:
            return run
        step = self._steps.read(RunRef(ref.project_id, ref.thread_id, run.id), run.open_step_id)
        return replace(run, pending_calls=step.calls if step else ())

    def _read(self, ref: ThreadRef, range_: Range, limit: int) -> Iterator[Item]:
        condition = both(equal("thread", ref.path), between("run_id", range_.low, range_.high))
        return self._database.query(RUNS, condition, limit=limit, forward=range_.forward)
