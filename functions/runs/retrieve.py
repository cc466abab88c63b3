"""GET /threads/{thread_id}/runs/{run_id}"""

from functions.request import Request
from threadkeep.services import Services
from threadkeep.wire import objects


def handle(request: Request, services: Services) -> object:
    return objects.run(services.store.runs.get(request.run, services.clock.now()))
