"""GET /assistants"""

from typing import TYPE_CHECKING

from functions.request import Request
from threadkeep.services import Services
from threadkeep.wire import objects

if TYPE_CHECKING:
    from threadkeep.wire import shapes


def handle(request: Request, services: Services) -> "shapes.PageObject[shapes.AssistantObject]":
    page = services.store.assistants.list(request.project_id, request.page("asst"))
    return objects.page_object(page, objects.assistant_object)
