"""GET /threads/{thread_id}"""

from functions.request import Request
from threadkeep.services import Services
from threadkeep.wire import objects


def handle(request: Request, services: Services) -> object:
    return objects.thread(services.store.threads.get(request.thread))
