"""POST /threads/{thread_id}/runs/{run_id}/submit_tool_outputs"""

from dataclasses import replace

from functions.event_stream import event_stream
from functions.request import Request
from threadkeep.domain.objects import Run
from threadkeep.domain.run_state import SUBMIT
from threadkeep.domain.tool_calls import refuse_outputs, with_outputs
from threadkeep.services import Services
from threadkeep.store.keys import RunRef
from threadkeep.store.run_lost import as_long_as_lost
from threadkeep.wire import objects
from threadkeep.wire.bodies.runs import SubmitToolOutputs
from threadkeep.wire.not_supported import refuse_stream


def handle(request: Request, services: Services) -> object:
    ref, body = request.run, request.body(SubmitToolOutputs)
    refuse_stream(body.stream, streaming=services.config.streaming)
    outputs = [(given.tool_call_id, given.output) for given in body.tool_outputs]
    stream = bool(body.stream)
    queued, told = as_long_as_lost(lambda: _submit(ref, outputs, services, stream=stream))
    return event_stream(ref, queued, services, told) if stream else objects.run(queued)


def _submit(
    ref: RunRef, outputs: list[tuple[str, str]], services: Services, *, stream: bool
) -> tuple[Run, int]:
    """By the run as it is; RunLost when it moved on meanwhile: the next look says to where.

    With it the number of the last event before: a stream begins after that.
    """
    now = int(services.clock.now())
    run = services.store.runs.without_calls(ref, now)
    step = services.store.run_steps.read(ref, run.open_step_id)
    if run.status not in SUBMIT.sources or step is None:
        raise refuse_outputs(run.status)
    log = services.store.run_events.log(ref, replace(run, streamed=run.streamed or stream))
    told = log.last
    answered = with_outputs(step, outputs, now)
    return services.store.transitions.submit(ref, run, answered, now, log), told
