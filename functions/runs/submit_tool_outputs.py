"""POST /threads/{thread_id}/runs/{run_id}/submit_tool_outputs"""

from typing import TYPE_CHECKING

from functions.event_stream import EventStream, event_stream
from functions.request import Request
from threadkeep.execution.submit import submit
from threadkeep.services import Services
from threadkeep.wire import run_objects
from threadkeep.wire.bodies.runs import SubmitToolOutputs
from threadkeep.wire.not_supported import refuse_stream

if TYPE_CHECKING:
    from threadkeep.wire import shapes


def handle(
    body: SubmitToolOutputs, request: Request, services: Services
) -> "shapes.RunObject | EventStream":
    ref = request.run
    refuse_stream(body.stream, streaming=services.config.streaming)
    outputs = [(given.tool_call_id, given.output) for given in body.tool_outputs]
    stream = bool(body.stream)
    queued = submit(ref, outputs, services.store, services.clock, stream=stream)
    if stream:
        return event_stream(ref, queued.run, services, queued.after)
    return run_objects.run_object(queued.run)
