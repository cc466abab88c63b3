"""DELETE /threads/{thread_id}"""

from functions.request import Request
from threadkeep.services import Services
from threadkeep.wire import objects


def handle(request: Request, services: Services) -> object:
    ref = request.thread
    services.store.threads.delete(ref)
    return objects.deleted(ref.thread_id, "thread")
