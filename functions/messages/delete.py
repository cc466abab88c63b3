"""DELETE /threads/{thread_id}/messages/{message_id}"""

from typing import TYPE_CHECKING

from functions.request import Request
from threadkeep.services import Services
from threadkeep.wire import objects

if TYPE_CHECKING:
    from threadkeep.wire import shapes


def handle(request: Request, services: Services) -> "shapes.DeletedMessage":
    message_id = request.message_id
    services.store.messages.delete(request.thread, message_id, int(services.clock.now()))
    return objects.deleted_message(message_id)
