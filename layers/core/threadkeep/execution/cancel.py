"""Cancelling a run: at once if nobody works on it, else by asking its executor."""

from dataclasses import replace

from threadkeep.domain.clock import Clock
from threadkeep.domain.errors import InvalidRequest
from threadkeep.domain.references import RunRef
from threadkeep.domain.run_state import ASK_TO_CANCEL, CANCEL_IDLE
from threadkeep.domain.runs import Run
from threadkeep.execution.settle import end_left_run
from threadkeep.store.held_run import HeldRun, retry_on_lost_race
from threadkeep.store.store import Store


def cancel(ref: RunRef, store: Store, clock: Clock) -> Run:
    """Cancel the run, or raise NotFound or InvalidRequest.

    The run returned is `cancelling`, also if it is over now. Its executor may end it meanwhile, or
    take it up: the writes are conditional on the run as it was read, and the loser reads again.
    """

    def decide() -> Run:
        run = store.runs.without_calls(ref, clock.now())
        if run.status in CANCEL_IDLE.sources:
            held = store.run_events.hold(ref, run)
            return end_left_run(held, CANCEL_IDLE, store, clock).run
        if run.status in ASK_TO_CANCEL.sources:
            return store.transitions.ask_to_cancel(HeldRun(ref, run), int(clock.now())).run
        raise InvalidRequest(f"Cannot cancel run with status '{run.status}'.")

    cancelled = retry_on_lost_race(decide)
    return replace(cancelled, status=ASK_TO_CANCEL.target, cancelled_at=None)
