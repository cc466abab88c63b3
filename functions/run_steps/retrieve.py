"""GET /threads/{thread_id}/runs/{run_id}/steps/{step_id}"""

from typing import TYPE_CHECKING

from functions.request import Request
from threadkeep.services import Services
from threadkeep.wire import run_objects
from threadkeep.wire.include import expect_include

if TYPE_CHECKING:
    from threadkeep.wire import shapes


def handle(request: Request, services: Services) -> "shapes.RunStepObject":
    expect_include(request.query)
    now = services.clock.now()
    step = services.store.run_steps.get(request.run, request.step_id, now)
    return run_objects.run_step_object(step)
