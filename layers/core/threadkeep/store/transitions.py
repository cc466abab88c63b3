"""The transitions of runs, written.

Everything that starts, resumes or ends a run is one transaction whose first action is on the run's
item, under the condition that `domain.run_state` has for the transition. There is no other lock:
whoever loses the condition is told what is there (`RunLost`) and acts by that.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from threadkeep.domain.events import Event, run_event, step_event
from threadkeep.domain.objects import Message, Run, RunStep, Usage
from threadkeep.domain.run_state import (
    ASK_TO_CANCEL,
    CANCEL,
    CLAIM,
    PARK,
    SUBMIT,
    WORK,
    Transition,
    end_time,
    ended_at,
)
from threadkeep.store.actions import Action, ConditionFailed, Update
from threadkeep.store.contents import put_message
from threadkeep.store.database import Database
from threadkeep.store.expressions import Condition
from threadkeep.store.items import differences
from threadkeep.store.keys import RunRef
from threadkeep.store.open_turn import undo_open_turn
from threadkeep.store.run_events import RunLog
from threadkeep.store.run_guards import guard
from threadkeep.store.run_lost import RunLost
from threadkeep.store.run_steps import put_step
from threadkeep.store.runs import run_of
from threadkeep.store.tables import CONTENTS, MESSAGES, RUNS, THREADS
from threadkeep.store.threads import unlock

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
    """Moves runs on. `now` is in whole Unix seconds: a deadline is one, too."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, ref: RunRef, run: Run, now: int, log: RunLog | None = None) -> Run:
        """Take the run for a new attempt; from here on no older attempt can write anything.

        Two claims may race: both want the attempt after the one they read, and the condition on
        it lets one through. A turn that an older attempt had begun is done again; it is undone,
        unless it was told: then it stays open, as it was told.
        """
        claimed = replace(run, status=CLAIM.target, attempt=run.attempt + 1)
        undone: list[Action] = []
        if run.open_step and not run.streamed:
            claimed = replace(claimed, steps=run.steps - 1, open_step=None)
            undone = undo_open_turn(ref, run)
        news = None  # the leg was told to be in progress before: the row only takes the log over
        if run.status != CLAIM.target:
            claimed = replace(claimed, started_at=now)
            news = run_event(claimed)
        if log:
            log.attempt = claimed.attempt
        change = _change(ref, run, claimed, guard(CLAIM, run, now))
        self._write([change, *undone], log, [news])
        log_transition(claimed)
        return claimed

    def begin_turn(
        self,
        ref: RunRef,
        run: Run,
        step: RunStep,
        message: Message | None,
        now: int,
        log: RunLog | None = None,
        events: Sequence[Event] = (),
    ) -> Run:
        """Write the step, and the message if it makes one, that the run's new turn fills."""
        begun = replace(run, steps=run.steps + 1, open_step=step.type)
        actions: list[Action] = [
            _change(ref, run, begun, guard(WORK, run, now)),
            *put_step(ref, step),
            *(put_message(ref.thread, message) if message else ()),
        ]
        self._write(actions, log, events)
        return begun

    def finish_step(
        self,
        ref: RunRef,
        run: Run,
        closing: Sequence[Action],
        now: int,
        log: RunLog | None = None,
        events: Sequence[Event] = (),
    ) -> Run:
        """Write the open step as completed; the attempt goes on with the run's next one."""
        finished = replace(run, open_step=None)
        change = _change(ref, run, finished, guard(WORK, run, now))
        self._write([change, *closing], log, events)
        return finished

    def park(
        self,
        ref: RunRef,
        run: Run,
        step: RunStep,
        now: int,
        usage: Usage,
        log: RunLog | None = None,
    ) -> Run:
        """Let the run wait for the outputs of the calls in `step`, which stays open."""
        parked = replace(run, status=PARK.target, usage=usage)
        change = _change(ref, run, parked, guard(PARK, run, now))
        self._write([change, *put_step(ref, step)], log, [run_event(parked)])
        log_transition(parked)
        return parked

    def submit(
        self, ref: RunRef, run: Run, step: RunStep, now: int, log: RunLog | None = None
    ) -> Run:
        """Complete the waiting step with its outputs and queue the run's next leg.

        Two submits may race, with each other and with cancel and expiry: the leg as read lets one
        through. A lost answer is sent again by the same transaction's token, which changes nothing.
        """
        queued = replace(
            run,
            status=SUBMIT.target,
            streamed=log.streamed if log else run.streamed,
            leg=run.leg + 1,
            queued_at=now,
            open_step=None,
            pending_calls=(),
        )
        change = _change(ref, run, queued, guard(SUBMIT, run, now))
        actions: list[Action] = [change, *put_step(ref, step)]
        self._write(actions, log, [step_event(step), run_event(queued)])
        log_transition(queued)
        return queued

    def ask_to_cancel(self, ref: RunRef, run: Run, now: int) -> Run:
        """Mark a run that is being executed; its executor or Settle ends it."""
        marked = replace(run, status=ASK_TO_CANCEL.target)
        self._write([_change(ref, run, marked, guard(ASK_TO_CANCEL, run, now))])
        log_transition(marked)
        return marked

    def end(
        self,
        ref: RunRef,
        run: Run,
        transition: Transition,
        now: int,
        closing: Sequence[Action] = (),
        log: RunLog | None = None,
        events: Sequence[Event] = (),
        **facts: Any,
    ) -> Run:
        """End the run: its item, what `closing` makes of its open step and message, the lock.

        The lock is given up only if it names this run. Executor, Settle and cancel may all try;
        the condition on the run lets one through. Where the thread is gone, or its lock is another
        run's by now, or a row to close is gone, the run ends all the same, without that.
        """
        ending = ended_at(transition.target, end_time(run, now))
        facts = {"usage": run.usage or Usage(), **ending, **facts}
        ended = replace(
            run,
            status=transition.target,
            open_step=None,
            pending_calls=(),
            **facts,
        )
        actions: list[Action] = [
            _change(ref, run, ended, guard(transition, run, now)),
            unlock(ref.thread, ref.run_id),
            *closing,
        ]
        # A running run is marked by who cancels it and told about by who ends it.
        told_first = transition.sources == CANCEL.sources
        marked = [run_event(replace(run, status=ASK_TO_CANCEL.target))] if told_first else []
        while True:
            try:
                self._write(actions, log, [*marked, *events, run_event(ended)])
            except ConditionFailed as lost:
                actions = _without(actions, lost)
            else:
                log_transition(ended)
                return ended

    def _write(
        self,
        actions: Sequence[Action],
        log: RunLog | None = None,
        events: Sequence[Event | None] = (),
    ) -> None:
        """Write the actions, the run's first, and their events.

        RunLost if the run is not as it has to be, or somebody else has written its next event.
        """
        rows = log.rows(events) if log else []
        try:
            self._database.write(*actions, *rows)
        except ConditionFailed as lost:
            _raise_if_run_lost(lost, len(actions))
            raise
        if log:
            log.advance(rows)


def _change(ref: RunRef, before: Run, after: Run, condition: Condition) -> Update:
    return Update(RUNS, ref.key, differences(before, after), condition)


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
