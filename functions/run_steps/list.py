"""GET /threads/{thread_id}/runs/{run_id}/steps"""

from typing import TYPE_CHECKING

from functions.request import Request
from threadkeep.services import Services
from threadkeep.wire import objects, run_objects
from threadkeep.wire.include import expect_include

if TYPE_CHECKING:
    from threadkeep.wire import shapes


def handle(request: Request, services: Services) -> "shapes.PageObject[shapes.RunStepObject]":
    expect_include(request.query)
    now = services.clock.now()
    page = services.store.run_steps.list(request.run, request.page("step"), now)
    return objects.page_object(page, run_objects.run_step_object)
