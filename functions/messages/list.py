"""GET /threads/{thread_id}/messages"""

from typing import TYPE_CHECKING

from functions.request import Request
from threadkeep.services import Services
from threadkeep.wire import objects
from threadkeep.wire.ids import query_id

if TYPE_CHECKING:
    from threadkeep.wire import shapes


def handle(request: Request, services: Services) -> "shapes.PageObject[shapes.MessageObject]":
    run_id = query_id(request.query, "run_id", "run")
    now = services.clock.now()
    page = services.store.messages.list(request.thread, request.page("msg"), now, run_id)
    return objects.page_object(page, objects.message_object)
