"""DELETE /models/{model}: only models that were trained here could go, and there are none"""

from functions.request import Request
from threadkeep.domain.errors import NotFound
from threadkeep.services import Services


def handle(request: Request, _services: Services) -> object:
    raise NotFound("model", request.path["model"])
