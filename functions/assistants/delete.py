"""DELETE /assistants/{assistant_id}"""

from typing import TYPE_CHECKING

from functions.request import Request
from threadkeep.services import Services
from threadkeep.wire import objects

if TYPE_CHECKING:
    from threadkeep.wire import shapes


def handle(request: Request, services: Services) -> "shapes.DeletedAssistant":
    assistant_id = request.assistant_id
    services.store.assistants.delete(request.project_id, assistant_id)
    return objects.deleted_assistant(assistant_id)
