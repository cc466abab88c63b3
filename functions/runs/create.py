"""POST /threads/{thread_id}/runs"""

from functions.event_stream import run_answer
from functions.request import Request
from functions.runs.snapshot import snapshot
from threadkeep.services import Services
from threadkeep.wire.bodies.runs import CreateRun
from threadkeep.wire.include import expect_include
from threadkeep.wire.not_supported import refuse_run, refuse_stream


def handle(request: Request, services: Services) -> object:
    ref, body = request.thread, request.body(CreateRun)
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
