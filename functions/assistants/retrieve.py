"""GET /assistants/{assistant_id}"""

from functions.request import Request
from threadkeep.services import Services
from threadkeep.wire import objects


def handle(request: Request, services: Services) -> object:
    assistant = services.store.assistants.get(request.project_id, request.assistant_id)
    return objects.assistant(assistant)
