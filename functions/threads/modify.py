"""POST /threads/{thread_id}"""

from typing import TYPE_CHECKING

from functions.request import Request
from threadkeep.services import Services
from threadkeep.wire import objects
from threadkeep.wire.bodies.threads import ModifyThread

if TYPE_CHECKING:
    from threadkeep.wire import shapes


def handle(body: ModifyThread, request: Request, services: Services) -> "shapes.ThreadObject":
    ref = request.thread
    before = services.store.threads.get(ref)
    after = body.applied_to(before)
    services.store.threads.modify(ref, before, after)
    return objects.thread_object(after)
