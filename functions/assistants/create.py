"""POST /assistants"""

from functions.request import Request
from threadkeep.domain.errors import UnsupportedModel
from threadkeep.services import Services
from threadkeep.wire import objects
from threadkeep.wire.bodies.assistants import CreateAssistant
from threadkeep.wire.not_supported import refuse_tool_resources


def handle(request: Request, services: Services) -> object:
    body = request.body(CreateAssistant)
    refuse_tool_resources(body.tool_resources)
    if services.catalogue.resolve(body.model) is None:
        raise UnsupportedModel(body.model)
    now = services.clock.now()
    assistant = body.assistant(services.ids.new("asst", now), int(now))
    services.store.assistants.create(request.project_id, assistant)
    return objects.assistant(assistant)
