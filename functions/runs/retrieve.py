"""GET /threads/{thread_id}/runs/{run_id}"""

from typing import TYPE_CHECKING

from functions.request import Request
from threadkeep.services import Services
from threadkeep.wire import run_objects

if TYPE_CHECKING:
    from threadkeep.wire import shapes


def handle(request: Request, services: Services) -> "shapes.RunObject":
    return run_objects.run_object(services.store.runs.get(request.run, services.clock.now()))
