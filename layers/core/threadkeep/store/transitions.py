"""The transitions of runs, written.

Everything that starts, resumes or ends a run is one transaction whose first action is on the run's
item, under the condition that `domain.run_state` has for the transition. There is no other lock:
a writer that loses the condition learns what is there (`RunLost`) and acts by that.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace

from threadkeep.domain.events import (
    CallDelta,
    Event,
    TextDelta,
    begun_events,
    closed_events,
    delta,
    run_event,
    step_event,
)
from threadkeep.domain.run_state import (
    ASK_TO_CANCEL,
    CANCEL,
    CLAIM,
    PARK,
    SUBMIT,
    WORK,
    Transition,
    ended,
)
from threadkeep.domain.runs import LastError, Run, RunStep, Usage
from threadkeep.domain.turns import ClosedTurn, OpenTurn
from threadkeep.store.actions import Action, ConditionFailed, Update
from threadkeep.store.database import Database
from threadkeep.store.event_rows import followed, new_delta, new_rows
from threadkeep.store.held_run import HeldRun, RunLost
from threadkeep.store.items import differences
from threadkeep.store.keys import key_of
from threadkeep.store.run_guards import guard
from threadkeep.store.run_steps import put_step
from threadkeep.store.runs import run_of
from threadkeep.store.tables import CONTENTS, MESSAGES, RUNS, THREADS
from threadkeep.store.threads import unlock
from threadkeep.store.turn_writes import closing, opening, undoing

_LOG = logging.getLogger("threadkeep.runs")


def log_transition(run: Run) -> None:
    """One line for every transition that was written. Never any content."""
    _LOG.info(
        "run %s",
        run.status,
        extra={
            "run_id": run.id,
            "thread_id": run.thread_id,
            "status": run.status,
            "leg": run.leg,
            "attempt": run.attempt,
        },
    )


class Transitions:
    """Moves runs on. Each method takes a run as its writer holds it, and returns it as written.

    `now` is in whole Unix seconds: a deadline is one, too. RunLost: another writer was first.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, held: HeldRun, now: int) -> HeldRun:
        """Take the run for a new attempt; from here on no older attempt can write anything.

        The attempt is the fencing token. Two claims may race: both want the attempt after the one
        they read, and the condition on it lets one through. A turn that an older attempt had begun
        is done again; it is undone, unless readers have seen it begin: then it stays open.
        """
        run, undone = held.run, list[Action]()
        claimed = replace(run, status=CLAIM.target, attempt=run.attempt + 1)
        if run.open_step and not run.streamed:
            claimed = replace(claimed, steps=run.steps - 1, open_step=None)
            undone = undoing(held)
        takeover: Event | None = None
        if run.status != CLAIM.target:
            claimed = replace(claimed, started_at=now)
            takeover = run_event(claimed)
        claim = _change(held, claimed, CLAIM, now)
        written = self._write(held, claimed, [claim, *undone], [takeover])
        log_transition(claimed)
        return written

    def begin_turn(self, held: HeldRun, run: Run, turn: OpenTurn, now: int) -> HeldRun:
        """Write the turn that begins; `run` has it as its open one."""
        actions = [_change(held, run, WORK, now), *opening(held.ref, turn)]
        return self._write(held, run, actions, begun_events(turn))

    def show(self, held: HeldRun, change: TextDelta | CallDelta) -> HeldRun:
        """Append a delta to the run's log; RunLost if another writer has taken its row.

        No transaction, and no look at the run: the row's number is the fencing token.
        """
        put = new_delta(held, delta(change))
        try:
            self._database.put(put)
        except ConditionFailed:
            raise RunLost(None) from None
        return followed(held, [put])

    def finish_step(self, held: HeldRun, turn: ClosedTurn | None, now: int) -> HeldRun:
        """Write the open step as completed; the attempt goes on with the run's next one."""
        finished = replace(held.run, open_step=None)
        actions = [_change(held, finished, WORK, now), *closing(held.ref, turn)]
        return self._write(held, finished, actions, closed_events(turn))

    def park(self, held: HeldRun, step: RunStep, usage: Usage, now: int) -> HeldRun:
        """Let the run wait for the outputs of the calls in `step`, which stays open."""
        parked = replace(held.run, status=PARK.target, usage=usage)
        actions: list[Action] = [_change(held, parked, PARK, now), *put_step(held.ref, step)]
        written = self._write(held, parked, actions, [run_event(parked)])
        log_transition(parked)
        return written

    def submit(self, held: HeldRun, step: RunStep, now: int, *, streamed: bool) -> HeldRun:
        """Complete the waiting step with its outputs and queue the run's next leg.

        Two submits may race, with each other and with cancel and expiry: the leg as read lets one
        through. A lost answer is sent again by the same transaction's token, which changes nothing.
        """
        run = held.run
        queued = replace(
            run,
            status=SUBMIT.target,
            streamed=streamed,
            leg=run.leg + 1,
            queued_at=now,
            open_step=None,
            pending_calls=(),
        )
        actions: list[Action] = [_change(held, queued, SUBMIT, now), *put_step(held.ref, step)]
        written = self._write(held, queued, actions, [step_event(step), run_event(queued)])
        log_transition(queued)
        return written

    def ask_to_cancel(self, held: HeldRun, now: int) -> HeldRun:
        """Mark a run that is being executed; its executor or Settle ends it, with both events."""
        marked = replace(held.run, status=ASK_TO_CANCEL.target)
        written = self._write(held, marked, [_change(held, marked, ASK_TO_CANCEL, now)], [])
        log_transition(marked)
        return written

    def end(
        self,
        held: HeldRun,
        transition: Transition,
        turn: ClosedTurn | None,
        now: int,
        *,
        usage: Usage | None = None,
        error: LastError | None = None,
        incomplete_reason: str | None = None,
    ) -> HeldRun:
        """End the run: its item, its open turn as it is closed, the thread's lock.

        The lock is given up only if it names this run. Executor, Settle and cancel may all try;
        the condition on the run lets one through. Where the thread is gone, or its lock is another
        run's by now, or a row to close is gone, the run ends all the same, without that.
        """
        run, ref = held.run, held.ref
        over = ended(
            run, transition, now, usage=usage, error=error, incomplete_reason=incomplete_reason
        )
        actions = [
            _change(held, over, transition, now),
            unlock(ref.thread, ref.run_id),
            *closing(ref, turn),
        ]
        # A running run is marked as cancelling by one writer; the one that ends it has the event.
        marked = transition.sources == CANCEL.sources
        events = [run_event(replace(run, status=ASK_TO_CANCEL.target))] if marked else []
        events += [*closed_events(turn), run_event(over)]
        while True:
            try:
                written = self._write(held, over, actions, events)
            except ConditionFailed as lost:
                actions = _without(actions, lost)
            else:
                log_transition(over)
                return written

    def _write(
        self,
        held: HeldRun,
        after: Run,
        actions: Sequence[Action],
        events: Sequence[Event | None],
    ) -> HeldRun:
        """Write the actions, the run's first, and their events.

        RunLost if the run is not as it has to be, or another writer has taken its log's next row.
        """
        written = replace(held, run=after)
        rows = new_rows(written, events)
        try:
            self._database.write(*actions, *rows)
        except ConditionFailed as lost:
            _raise_if_run_lost(lost, len(actions))
            raise
        return followed(written, rows)


def _change(held: HeldRun, after: Run, transition: Transition, now: int) -> Update:
    condition = guard(transition, held.run, now)
    return Update(RUNS, key_of(held.ref), differences(held.run, after), condition)


def _raise_if_run_lost(lost: ConditionFailed, events_from: int) -> None:
    if 0 in lost.found or max(lost.found) >= events_from:
        item = lost.found.get(0)
        raise RunLost(run_of(item) if item else None) from None


def _without(actions: Sequence[Action], lost: ConditionFailed) -> list[Action]:
    """What is left to write. A message is never written into a thread that is gone, and no
    content of a message that is.
    """
    gone = any(
        action.table in (THREADS, MESSAGES) and lost.found.get(n, action) is None
        for n, action in enumerate(actions)
    )
    left_alone = (MESSAGES, CONTENTS) if gone else ()
    return [
        action
        for n, action in enumerate(actions)
        if n not in lost.found and action.table not in left_alone
    ]
