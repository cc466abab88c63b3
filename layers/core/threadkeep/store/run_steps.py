"""The `run_steps` table: the log of a run. A completed step is never touched again."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from threadkeep.domain.errors import NotFound
from threadkeep.domain.objects import Page, PageRequest
from threadkeep.domain.references import RunRef
from threadkeep.domain.run_state import COMPLETE, ENDS
from threadkeep.domain.runs import Run, RunStep
from threadkeep.domain.turns import effective_step
from threadkeep.store.actions import Put
from threadkeep.store.contents import spilled, with_contents
from threadkeep.store.database import Database
from threadkeep.store.expressions import Value, between, both, equal
from threadkeep.store.items import Item, attributes, dump, restore
from threadkeep.store.keys import key_of
from threadkeep.store.pages import Range, ids_between, page
from threadkeep.store.round_trips import together
from threadkeep.store.tables import RUN_STEPS, RUNS, THREADS
from threadkeep.store.threads import thread_of

_PAGE = 100


def step_key(ref: RunRef, step_id: str) -> dict[str, Value]:
    return {"run": ref.path, "step_id": step_id}


def put_step(ref: RunRef, step: RunStep) -> list[Put]:
    """What writes a step: its item, and rows for details that do not fit into it."""
    item, rows = spilled(ref.thread, step.id, attributes(step), "calls")
    return [Put(RUN_STEPS, {**step_key(ref, step.id), **item}), *rows]


def step_of(item: Mapping[str, Any], id_: str) -> RunStep:
    """The step in an item, also in one of a version before 0.2.

    That had `step_details` as the API shows them: the message's id, or the calls.
    """
    fields = dict(item)
    for name in ("step_details", "calls"):
        details = json.loads(fields[name]) if isinstance(fields.get(name), str) else None
        if isinstance(details, dict):
            del fields[name]
            made = details.get("message_creation", {})
            fields["message_id"] = made.get("message_id")
            fields["calls"] = dump(details.get("tool_calls", []))
    return restore(RunStep, {n: v for n, v in fields.items() if v is not None}, id_)


class RunSteps:
    """The steps of all runs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self, ref: RunRef, request: PageRequest, now: float) -> Page[RunStep]:
        """A page of the run's steps as readers see them at `now`, or NotFound."""
        range_ = ids_between("step", request)
        (thread, found), steps = together(
            lambda: self._database.get_many((THREADS, key_of(ref.thread)), (RUNS, key_of(ref))),
            lambda: page(request, range_, lambda r, n: self._read(ref, r, n), dict),
        )
        thread_of(thread, ref.thread_id)
        if found is None:
            raise NotFound("run", ref.run_id)
        run = restore(Run, found, ref.run_id)
        data = [self._seen(ref, step, run, now) for step in self._whole(ref, steps.data)]
        return Page(data=data, has_more=steps.has_more)

    def get(self, ref: RunRef, step_id: str, now: float) -> RunStep:
        """The step as readers see it at `now`, or NotFound."""
        thread, found, item = self._database.get_many(
            (THREADS, key_of(ref.thread)), (RUNS, key_of(ref)), (RUN_STEPS, step_key(ref, step_id))
        )
        thread_of(thread, ref.thread_id)
        if found is None:
            raise NotFound("run", ref.run_id)
        if item is None:
            raise NotFound("run step", step_id)
        (step,) = self._whole(ref, [item])
        return self._seen(ref, step, restore(Run, found, ref.run_id), now)

    def completed(self, ref: RunRef) -> Sequence[RunStep]:
        """The log: the steps that are done, in their order."""
        range_ = ids_between("step", PageRequest(order="asc"))
        steps = self._whole(ref, self._read(ref, range_, _PAGE))
        return [step for step in steps if step.status == COMPLETE.step]

    def read(self, ref: RunRef, step_id: str) -> RunStep | None:
        """The step as it is stored, for those who write it."""
        item = self._database.get(RUN_STEPS, step_key(ref, step_id))
        return self._whole(ref, [item])[0] if item else None

    def _seen(self, ref: RunRef, step: RunStep, run: Run, now: float) -> RunStep:
        """The step at `now`. One more look if it was read before its run ended, for its end."""
        if step.begun and run.status in ENDS:
            return self.read(ref, step.id) or step
        return effective_step(step, run, now)

    def _read(self, ref: RunRef, range_: Range, limit: int) -> Iterator[Item]:
        condition = both(equal("run", ref.path), between("step_id", range_.low, range_.high))
        return self._database.query(RUN_STEPS, condition, limit=limit, forward=range_.forward)

    def _whole(self, ref: RunRef, items: Iterable[Item]) -> Sequence[RunStep]:
        whole = with_contents(self._database, ref.thread, items, "step_id", "calls")
        return [step_of(item, str(item["step_id"])) for item in whole]
