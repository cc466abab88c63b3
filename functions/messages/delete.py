"""DELETE /threads/{thread_id}/messages/{message_id}"""

from functions.request import Request
from threadkeep.services import Services
from threadkeep.wire import objects


def handle(request: Request, services: Services) -> object:
    message_id = request.message_id
    services.store.messages.delete(request.thread, message_id, int(services.clock.now()))
    return objects.deleted(message_id, "thread.message")
