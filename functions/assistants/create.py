"""POST /assistants"""

from typing import TYPE_CHECKING

from functions.request import Request
from threadkeep.domain.errors import UnsupportedModel
from threadkeep.services import Services
from threadkeep.wire import objects
from threadkeep.wire.bodies.assistants import CreateAssistant
from threadkeep.wire.not_supported import refuse_tool_resources

if TYPE_CHECKING:
    from threadkeep.wire import shapes


def handle(body: CreateAssistant, request: Request, services: Services) -> "shapes.AssistantObject":
    refuse_tool_resources(body.tool_resources)
    if services.catalogue.resolve(body.model) is None:
        raise UnsupportedModel(body.model)
    now = services.clock.now()
    assistant = body.assistant(services.ids.new("asst", now), int(now))
    services.store.assistants.create(request.project_id, assistant)
    return objects.assistant_object(assistant)
