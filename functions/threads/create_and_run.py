"""POST /threads/runs"""

from typing import TYPE_CHECKING

from functions.event_stream import EventStream, run_answer
from functions.request import Request
from functions.runs.snapshot import snapshot
from threadkeep.services import Services
from threadkeep.wire.bodies.runs import CreateThreadAndRun
from threadkeep.wire.bodies.threads import CreateThread
from threadkeep.wire.not_supported import refuse_run, refuse_stream

if TYPE_CHECKING:
    from threadkeep.wire import shapes


def handle(
    body: CreateThreadAndRun, request: Request, services: Services
) -> "shapes.RunObject | EventStream":
    refuse_run(body)
    refuse_stream(body.stream, streaming=services.config.streaming)
    project_id = request.project_id
    assistant = services.store.assistants.get(project_id, body.assistant_id)
    now = services.clock.now()
    new_thread = body.thread or CreateThread()
    thread = new_thread.thread(services.ids.new("thread", now), int(now))
    messages = [new.message(thread.id, int(now)) for new in new_thread.messages or ()]
    run = snapshot(
        body, thread.id, assistant, services, now, user_has_spoken=thread.user_messages > 0
    )
    created = services.store.new_runs.create_with_thread(project_id, thread, run, messages, now)
    return run_answer(project_id, created, services)
