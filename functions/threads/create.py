"""POST /threads"""

from typing import TYPE_CHECKING

from functions.request import Request
from threadkeep.services import Services
from threadkeep.wire import objects
from threadkeep.wire.bodies.threads import CreateThread
from threadkeep.wire.not_supported import refuse_thread

if TYPE_CHECKING:
    from threadkeep.wire import shapes


def handle(body: CreateThread, request: Request, services: Services) -> "shapes.ThreadObject":
    refuse_thread(body)
    now, ids = services.clock.now(), services.ids
    thread_id = ids.new("thread", now)
    messages = [
        new.message(thread_id, int(now)).named(ids.new("msg", now)) for new in body.messages or ()
    ]
    thread = body.thread(thread_id, int(now), messages[-1].id if messages else None)
    services.store.threads.create(request.project_id, thread, messages)
    return objects.thread_object(thread)
