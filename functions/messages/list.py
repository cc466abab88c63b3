"""GET /threads/{thread_id}/messages"""

from functions.request import Request
from threadkeep.services import Services
from threadkeep.wire import objects
from threadkeep.wire.ids import query_id


def handle(request: Request, services: Services) -> object:
    run_id = query_id(request.query, "run_id", "run")
    now = services.clock.now()
    page = services.store.messages.list(request.thread, request.page("msg"), now, run_id)
    return objects.page(page, objects.message)
