"""POST /threads/{thread_id}/messages"""

from typing import TYPE_CHECKING

from functions.request import Request
from threadkeep.services import Services
from threadkeep.wire import objects
from threadkeep.wire.bodies.messages import CreateMessage
from threadkeep.wire.not_supported import refuse_message

if TYPE_CHECKING:
    from threadkeep.wire import shapes


def handle(body: CreateMessage, request: Request, services: Services) -> "shapes.MessageObject":
    thread = request.thread
    refuse_message(body)
    now = services.clock.now()
    message = body.message(thread.thread_id, int(now))
    return objects.message_object(services.store.messages.create(thread, message, now))
