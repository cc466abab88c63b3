"""DELETE /assistants/{assistant_id}"""

from functions.request import Request
from threadkeep.services import Services
from threadkeep.wire import objects


def handle(request: Request, services: Services) -> object:
    assistant_id = request.assistant_id
    services.store.assistants.delete(request.project_id, assistant_id)
    return objects.deleted(assistant_id, "assistant")
