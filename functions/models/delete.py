"""DELETE /models/{model}: only models that were trained here could go, and there are none"""

from typing import Never

from functions.request import Request
from threadkeep.domain.errors import NotFound
from threadkeep.services import Services


def handle(request: Request, _services: Services) -> Never:
    raise NotFound("model", request.path["model"])
