"""POST /threads"""

from functions.request import Request
from threadkeep.services import Services
from threadkeep.wire import objects
from threadkeep.wire.bodies.threads import CreateThread
from threadkeep.wire.not_supported import refuse_thread


def handle(request: Request, services: Services) -> object:
    body = request.body(CreateThread)
    refuse_thread(body)
    now, ids = services.clock.now(), services.ids
    thread_id = ids.new("thread", now)
    messages = [
        new.message(thread_id, int(now)).named(ids.new("msg", now)) for new in body.messages or ()
    ]
    thread = body.thread(thread_id, int(now), messages[-1].id if messages else None)
    services.store.threads.create(request.project_id, thread, messages)
    return objects.thread(thread)
