"""GET /threads/{thread_id}/runs/{run_id}/steps/{step_id}"""

from functions.request import Request
from threadkeep.services import Services
from threadkeep.wire import objects
from threadkeep.wire.include import expect_include


def handle(request: Request, services: Services) -> object:
    expect_include(request.query)
    now = services.clock.now()
    return objects.run_step(services.store.run_steps.get(request.run, request.step_id, now))
