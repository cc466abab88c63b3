"""POST /threads/{thread_id}/runs/{run_id}/submit_tool_outputs"""

from functions.event_stream import event_stream
from functions.request import Request
from threadkeep.execution.submit import submit
from threadkeep.services import Services
from threadkeep.wire import objects
from threadkeep.wire.bodies.runs import SubmitToolOutputs
from threadkeep.wire.not_supported import refuse_stream


def handle(request: Request, services: Services) -> object:
    ref, body = request.run, request.body(SubmitToolOutputs)
    refuse_stream(body.stream, streaming=services.config.streaming)
    outputs = [(given.tool_call_id, given.output) for given in body.tool_outputs]
    stream = bool(body.stream)
    queued = submit(ref, outputs, services.store, services.clock, stream=stream)
    if stream:
        return event_stream(ref, queued.run, services, queued.after)
    return objects.run(queued.run)
