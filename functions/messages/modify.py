"""POST /threads/{thread_id}/messages/{message_id}"""

from typing import TYPE_CHECKING

from functions.request import Request
from threadkeep.services import Services
from threadkeep.wire import objects
from threadkeep.wire.bodies.messages import ModifyMessage

if TYPE_CHECKING:
    from threadkeep.wire import shapes


def handle(body: ModifyMessage, request: Request, services: Services) -> "shapes.MessageObject":
    ref = request.thread
    before = services.store.messages.get(ref, request.message_id, services.clock.now())
    after = body.applied_to(before)
    services.store.messages.modify(ref, before, after)
    return objects.message_object(after)
