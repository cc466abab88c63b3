"""GET /threads/{thread_id}/messages/{message_id}"""

from functions.request import Request
from threadkeep.services import Services
from threadkeep.wire import objects


def handle(request: Request, services: Services) -> object:
    now = services.clock.now()
    return objects.message(services.store.messages.get(request.thread, request.message_id, now))
