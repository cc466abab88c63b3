"""GET /threads/{thread_id}"""

from typing import TYPE_CHECKING

from functions.request import Request
from threadkeep.services import Services
from threadkeep.wire import objects

if TYPE_CHECKING:
    from threadkeep.wire import shapes


def handle(request: Request, services: Services) -> "shapes.ThreadObject":
    return objects.thread_object(services.store.threads.get(request.thread))
