"""POST /threads/{thread_id}/messages"""

from functions.request import Request
from threadkeep.services import Services
from threadkeep.wire import objects
from threadkeep.wire.bodies.messages import CreateMessage
from threadkeep.wire.not_supported import refuse_message


def handle(request: Request, services: Services) -> object:
    thread, body = request.thread, request.body(CreateMessage)
    refuse_message(body)
    now = services.clock.now()
    message = body.message(thread.thread_id, int(now))
    return objects.message(services.store.messages.create(thread, message, now))
