"""GET /threads: an extension, asked for since 2023"""

from functions.request import Request
from threadkeep.services import Services
from threadkeep.wire import objects


def handle(request: Request, services: Services) -> object:
    page = services.store.threads.list(request.project_id, request.page("thread"))
    return objects.page(page, objects.thread)
