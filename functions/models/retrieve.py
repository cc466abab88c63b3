"""GET /models/{model}"""

from functions.request import Request
from threadkeep.domain.errors import NotFound
from threadkeep.services import Services
from threadkeep.wire import objects


def handle(request: Request, services: Services) -> object:
    name = request.path["model"]
    if services.catalogue.resolve(name) is None:
        raise NotFound("model", name)
    return objects.model(name, owned_by="threadkeep")
