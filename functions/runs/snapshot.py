"""What both ways of creating a run share: the snapshot that it starts from, and its checks."""

from threadkeep.domain.errors import InvalidRequest, UnsupportedModel
from threadkeep.domain.objects import Assistant
from threadkeep.domain.runs import RunSnapshot
from threadkeep.providers.registry import Feature
from threadkeep.services import Services
from threadkeep.wire.bodies.runs import CreateRun, CreateThreadAndRun
from threadkeep.wire.not_supported import available_run

_NOTHING_TO_SAY = (
    "Run creation requires a Thread with a user message or an assistant with instructions."
)

_LACKING = "The model '{}' is answered by a provider that does not support '{}' here."


def snapshot(
    body: CreateRun | CreateThreadAndRun,
    thread_id: str,
    assistant: Assistant,
    services: Services,
    now: float,
    *,
    user_has_spoken: bool,
) -> RunSnapshot:
    """What the run is to be, or why it can't be."""
    created_at = int(now)
    expires_at = created_at + services.config.run_seconds
    run = body.snapshot(thread_id, assistant, created_at, expires_at)
    run = available_run(run, services.config.unavailable_tools)
    entry = services.catalogue.resolve(run.model)
    if entry is None:
        raise UnsupportedModel(run.model)
    if lacking := sorted(entry.unsupported & _asked_for(run)):
        raise InvalidRequest(_LACKING.format(run.model, lacking[0]), lacking[0])
    if not (user_has_spoken or run.instructions):
        raise InvalidRequest(_NOTHING_TO_SAY, code="invalid_thread")
    return run


def _asked_for(run: RunSnapshot) -> set[Feature]:
    """What the run asks for that not every kind of provider can do, by the API's names."""
    asked: dict[Feature, object] = {
        "tools": run.tools,
        "response_format": run.response_format != "auto",
        "reasoning_effort": run.reasoning_effort,
    }
    return {name for name, value in asked.items() if value}
