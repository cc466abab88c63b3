"""POST /assistants/{assistant_id}"""

from typing import TYPE_CHECKING

from functions.request import Request
from threadkeep.domain.errors import UnsupportedModel
from threadkeep.services import Services
from threadkeep.wire import objects
from threadkeep.wire.bodies.assistants import ModifyAssistant

if TYPE_CHECKING:
    from threadkeep.wire import shapes


def handle(body: ModifyAssistant, request: Request, services: Services) -> "shapes.AssistantObject":
    assistant_id = request.assistant_id
    if body.model is not None and services.catalogue.resolve(body.model) is None:
        raise UnsupportedModel(body.model)
    assistants = services.store.assistants
    before = assistants.get(request.project_id, assistant_id)
    after = body.applied_to(before)
    assistants.modify(request.project_id, before, after)
    return objects.assistant_object(after)
