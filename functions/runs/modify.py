"""POST /threads/{thread_id}/runs/{run_id}"""

from typing import TYPE_CHECKING

from functions.request import Request
from threadkeep.services import Services
from threadkeep.wire import run_objects
from threadkeep.wire.bodies.runs import ModifyRun

if TYPE_CHECKING:
    from threadkeep.wire import shapes


def handle(body: ModifyRun, request: Request, services: Services) -> "shapes.RunObject":
    ref = request.run
    before = services.store.runs.get(ref, services.clock.now())
    after = body.applied_to(before)
    services.store.runs.modify(ref, before, after)
    return run_objects.run_object(after)
