"""POST /threads/{thread_id}/runs/{run_id}/submit_tool_outputs"""

from functions.request import Request
from threadkeep.domain.objects import Run
from threadkeep.domain.run_state import SUBMIT
from threadkeep.domain.tool_calls import refuse_outputs, with_outputs
from threadkeep.services import Services
from threadkeep.store.keys import RunRef
from threadkeep.store.transitions import as_long_as_lost
from threadkeep.wire import objects
from threadkeep.wire.bodies.runs import SubmitToolOutputs
from threadkeep.wire.not_supported import refuse_stream


def handle(request: Request, services: Services) -> object:
    ref, body = request.run, request.body(SubmitToolOutputs)
    refuse_stream(body.stream)
    outputs = [(given.tool_call_id, given.output) for given in body.tool_outputs]
    return objects.run(as_long_as_lost(lambda: _submit(ref, outputs, services)))


def _submit(ref: RunRef, outputs: list[tuple[str, str]], services: Services) -> Run:
    """By the run as it is; RunLost when it moved on meanwhile: the next look says to where."""
    now = int(services.clock.now())
    run = services.store.runs.without_calls(ref, now)
    step = services.store.run_steps.read(ref, run.open_step_id)
    if run.status not in SUBMIT.sources or step is None:
        raise refuse_outputs(run.status)
    return services.store.transitions.submit(ref, run, with_outputs(step, outputs, now), now)
