"""POST /threads/{thread_id}/runs/{run_id}/cancel"""

from typing import TYPE_CHECKING

from functions.request import Request
from threadkeep.execution.cancel import cancel
from threadkeep.services import Services
from threadkeep.wire import run_objects

if TYPE_CHECKING:
    from threadkeep.wire import shapes


def handle(request: Request, services: Services) -> "shapes.RunObject":
    return run_objects.run_object(cancel(request.run, services.store, services.clock))
