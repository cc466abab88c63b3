"""GET /assistants"""

from functions.request import Request
from threadkeep.services import Services
from threadkeep.wire import objects


def handle(request: Request, services: Services) -> object:
    page = services.store.assistants.list(request.project_id, request.page("asst"))
    return objects.page(page, objects.assistant)
