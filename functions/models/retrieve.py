"""GET /models/{model}"""

from typing import TYPE_CHECKING

from functions.request import Request
from threadkeep.domain.errors import NotFound
from threadkeep.services import Services
from threadkeep.wire import objects

if TYPE_CHECKING:
    from threadkeep.wire import shapes


def handle(request: Request, services: Services) -> "shapes.ModelObject":
    name = request.path["model"]
    if services.catalogue.resolve(name) is None:
        raise NotFound("model", name)
    return objects.model_object(name, owned_by="threadkeep")
