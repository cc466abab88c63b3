"""POST /threads/{thread_id}/runs/{run_id}"""

from functions.request import Request
from threadkeep.services import Services
from threadkeep.wire import objects
from threadkeep.wire.bodies.runs import ModifyRun


def handle(request: Request, services: Services) -> object:
    ref, body = request.run, request.body(ModifyRun)
    before = services.store.runs.get(ref, services.clock.now())
    after = body.applied_to(before)
    services.store.runs.modify(ref, before, after)
    return objects.run(after)
