"""GET /threads/{thread_id}/messages/{message_id}"""

from typing import TYPE_CHECKING

from functions.request import Request
from threadkeep.services import Services
from threadkeep.wire import objects

if TYPE_CHECKING:
    from threadkeep.wire import shapes


def handle(request: Request, services: Services) -> "shapes.MessageObject":
    now = services.clock.now()
    return objects.message_object(
        services.store.messages.get(request.thread, request.message_id, now)
    )
