"""POST /threads/{thread_id}/messages/{message_id}"""

from functions.request import Request
from threadkeep.services import Services
from threadkeep.wire import objects
from threadkeep.wire.bodies.messages import ModifyMessage


def handle(request: Request, services: Services) -> object:
    ref, body = request.thread, request.body(ModifyMessage)
    before = services.store.messages.get(ref, request.message_id, services.clock.now())
    after = body.applied_to(before)
    services.store.messages.modify(ref, before, after)
    return objects.message(after)
