"""GET /threads/{thread_id}/runs/{run_id}/stream: an extension, joins or resumes a stream"""

from functions.event_stream import EventStream, event_stream
from functions.request import Request
from threadkeep.domain.errors import InvalidRequest
from threadkeep.services import Services
from threadkeep.store.event_rows import KEPT
from threadkeep.wire.not_supported import refuse_replay


def handle(request: Request, services: Services) -> EventStream:
    refuse_replay(streaming=services.config.streaming)
    ref, after, now = request.run, request.last_event_id, services.clock.now()
    run = services.store.runs.without_calls(ref, now)
    if not run.streamed or now >= run.created_at + KEPT:
        raise InvalidRequest(
            f"Run {run.id} has no stream: it was not created or continued with 'stream': true"
            " within the last 24 hours. Retrieve it instead."
        )
    if after and after > (last := services.store.run_events.hold(ref, run).last_row):
        raise InvalidRequest(
            f"Last-Event-ID is {after}, but the last event of the run {run.id} is {last} so far."
        )
    return event_stream(ref, run, services, after, replayed=True)
