"""GET /threads/{thread_id}/runs"""

from functions.request import Request
from threadkeep.services import Services
from threadkeep.wire import objects


def handle(request: Request, services: Services) -> object:
    now = services.clock.now()
    page = services.store.runs.list(request.thread, request.page("run"), now)
    return objects.page(page, objects.run)
