"""POST /threads/{thread_id}/runs"""

from typing import TYPE_CHECKING

from functions.event_stream import EventStream, run_answer
from functions.request import Request
from functions.runs.snapshot import snapshot
from threadkeep.services import Services
from threadkeep.wire.bodies.runs import CreateRun
from threadkeep.wire.include import expect_include
from threadkeep.wire.not_supported import refuse_run, refuse_stream

if TYPE_CHECKING:
    from threadkeep.wire import shapes


def handle(
    body: CreateRun, request: Request, services: Services
) -> "shapes.RunObject | EventStream":
    ref = request.thread
    expect_include(request.query)
    refuse_run(body)
    refuse_stream(body.stream, streaming=services.config.streaming)
    assistant, thread = services.store.new_runs.prerequisites(ref, body.assistant_id)
    now = services.clock.now()
    messages = [new.message(thread.id, int(now)) for new in body.additional_messages or ()]
    user_has_spoken = thread.user_messages > 0 or any(new.role == "user" for new in messages)
    run = snapshot(body, thread.id, assistant, services, now, user_has_spoken=user_has_spoken)
    created = services.store.new_runs.create(ref, thread, run, messages, now)
    return run_answer(request.project_id, created, services)
