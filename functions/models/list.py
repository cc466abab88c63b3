"""GET /models"""

from functions.request import Request
from threadkeep.services import Services
from threadkeep.wire import objects


def handle(_request: Request, services: Services) -> object:
    names = services.catalogue.names()
    return objects.models(objects.model(name, owned_by="threadkeep") for name in names)
