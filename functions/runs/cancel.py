"""POST /threads/{thread_id}/runs/{run_id}/cancel"""

from functions.request import Request
from threadkeep.execution.cancel import cancel
from threadkeep.services import Services
from threadkeep.wire import objects


def handle(request: Request, services: Services) -> object:
    return objects.run(cancel(request.run, services.store, services.clock))
