"""POST /threads/{thread_id}"""

from functions.request import Request
from threadkeep.services import Services
from threadkeep.wire import objects
from threadkeep.wire.bodies.threads import ModifyThread


def handle(request: Request, services: Services) -> object:
    ref, body = request.thread, request.body(ModifyThread)
    before = services.store.threads.get(ref)
    after = body.applied_to(before)
    services.store.threads.modify(ref, before, after)
    return objects.thread(after)
