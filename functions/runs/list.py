"""GET /threads/{thread_id}/runs"""

from typing import TYPE_CHECKING

from functions.request import Request
from threadkeep.services import Services
from threadkeep.wire import objects, run_objects

if TYPE_CHECKING:
    from threadkeep.wire import shapes


def handle(request: Request, services: Services) -> "shapes.PageObject[shapes.RunObject]":
    now = services.clock.now()
    page = services.store.runs.list(request.thread, request.page("run"), now)
    return objects.page_object(page, run_objects.run_object)
