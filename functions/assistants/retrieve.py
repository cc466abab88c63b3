"""GET /assistants/{assistant_id}"""

from typing import TYPE_CHECKING

from functions.request import Request
from threadkeep.services import Services
from threadkeep.wire import objects

if TYPE_CHECKING:
    from threadkeep.wire import shapes


def handle(request: Request, services: Services) -> "shapes.AssistantObject":
    assistant = services.store.assistants.get(request.project_id, request.assistant_id)
    return objects.assistant_object(assistant)
