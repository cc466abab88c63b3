"""GET /models"""

from functions.request import Request
from threadkeep.services import Services
from threadkeep.wire import objects


def handle(_request: Request, services: Services) -> object:
    return objects.models(services.catalogue.names())
