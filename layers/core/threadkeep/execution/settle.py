"""Settling a run: whoever finds it over its deadline, cancelling or broken off ends it."""

from threadkeep.domain.clock import Clock
from threadkeep.domain.objects import LastError, Run
from threadkeep.domain.run_state import (
    ACTIVE,
    CANCEL,
    CRASH,
    CRASHED,
    EXPIRE,
    PARK,
    Transition,
    end_time,
)
from threadkeep.execution.answer import DONE, Answer, wait_until
from threadkeep.execution.closing import close_turn
from threadkeep.store.keys import RunRef
from threadkeep.store.run_lost import as_long_as_lost
from threadkeep.store.store import Store


def settle(ref: RunRef, leg: int, store: Store, clock: Clock) -> Answer:
    """Bring the run to an end, or say until when it waits. Called when nobody executes the leg.

    A zombie may still be writing, and another Settle may run: every ending is conditional on the
    run as it was read, and who loses reads again. Done twice, the second finds the run over.
    """

    def decide() -> Answer:
        run = store.runs.read(ref)
        answer = standing(ref, run, leg, store, clock)
        if answer is None and run is not None:
            end(ref, run, CRASH, store, clock, CRASHED)
        return answer or DONE

    return as_long_as_lost(decide)


def standing(ref: RunRef, run: Run | None, leg: int, store: Store, clock: Clock) -> Answer | None:
    """How the run stands for this leg, ended if it is due; None if the leg is to be worked on.

    Raises RunLost when somebody else moved the run on meanwhile.
    """
    if run is None or run.leg != leg or run.status not in ACTIVE:
        return DONE
    if run.status in CANCEL.sources:
        end(ref, run, CANCEL, store, clock)
        return DONE
    if clock.now() >= run.expires_at:
        end(ref, run, EXPIRE, store, clock)
        return DONE
    return wait_until(run.expires_at) if run.status == PARK.target else None


def end(
    ref: RunRef,
    run: Run,
    transition: Transition,
    store: Store,
    clock: Clock,
    error: LastError | None = None,
) -> None:
    now = int(clock.now())
    log = store.run_events.log(ref, run)
    closing = close_turn(ref, run, transition, end_time(run, now), store, error)
    store.transitions.end(
        ref, run, transition, now, closing.actions, log, closing.events, last_error=error
    )
