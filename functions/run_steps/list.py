"""GET /threads/{thread_id}/runs/{run_id}/steps"""

from functions.request import Request
from threadkeep.services import Services
from threadkeep.wire import objects
from threadkeep.wire.include import expect_include


def handle(request: Request, services: Services) -> object:
    expect_include(request.query)
    now = services.clock.now()
    page = services.store.run_steps.list(request.run, request.page("step"), now)
    return objects.page(page, objects.run_step)
