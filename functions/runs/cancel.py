"""POST /threads/{thread_id}/runs/{run_id}/cancel"""

from dataclasses import replace

from functions.request import Request
from threadkeep.domain.errors import InvalidRequest
from threadkeep.domain.objects import Run
from threadkeep.domain.run_state import ASK_TO_CANCEL, CANCEL_IDLE
from threadkeep.execution.closing import close_turn
from threadkeep.services import Services
from threadkeep.store.keys import RunRef
from threadkeep.store.run_lost import as_long_as_lost
from threadkeep.wire import objects


def handle(request: Request, services: Services) -> object:
    """The answer shows `cancelling`, also for a run that nobody works on and that is over now."""
    cancelled = as_long_as_lost(lambda: _cancel(request.run, services))
    return objects.run(replace(cancelled, status=ASK_TO_CANCEL.target, cancelled_at=None))


def _cancel(ref: RunRef, services: Services) -> Run:
    """By the run as it is; RunLost when it moved on meanwhile."""
    now = int(services.clock.now())
    run, transitions = services.store.runs.without_calls(ref, now), services.store.transitions
    if run.status in CANCEL_IDLE.sources:
        log = services.store.run_events.log(ref, run)
        closing = close_turn(ref, run, CANCEL_IDLE, now, services.store)
        return transitions.end(ref, run, CANCEL_IDLE, now, closing.actions, log, closing.events)
    if run.status in ASK_TO_CANCEL.sources:
        return transitions.ask_to_cancel(ref, run, now)
    raise InvalidRequest(f"Cannot cancel run with status '{run.status}'.")
