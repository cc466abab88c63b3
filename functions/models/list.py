"""GET /models"""

from typing import TYPE_CHECKING

from functions.request import Request
from threadkeep.services import Services
from threadkeep.wire import objects

if TYPE_CHECKING:
    from threadkeep.wire import shapes


def handle(_request: Request, services: Services) -> "shapes.ModelList":
    names = services.catalogue.names()
    return objects.model_list(objects.model_object(name, owned_by="threadkeep") for name in names)
