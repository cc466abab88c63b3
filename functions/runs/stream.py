"""GET /threads/{thread_id}/runs/{run_id}/stream: an extension, joins or resumes a stream"""

from functions.event_stream import event_stream
from functions.request import Request
from threadkeep.domain.errors import InvalidRequest
from threadkeep.services import Services
from threadkeep.store.run_events import KEPT
from threadkeep.wire.not_supported import refuse_stream


def handle(request: Request, services: Services) -> object:
    refuse_stream(stream=True, streaming=services.config.streaming)
    ref, now = request.run, services.clock.now()
    run = services.store.runs.without_calls(ref, now)
    if not run.streamed or now >= run.created_at + KEPT:
        raise InvalidRequest(
            f"Run {run.id} has no stream: it was not created or continued with 'stream': true"
            " within the last 24 hours. Retrieve it instead."
        )
    return event_stream(ref, run, services, request.last_event_id, numbered=True)
