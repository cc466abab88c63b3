"""Objects on the wire: every key, in the original's order, null where nothing is."""

import json
from dataclasses import replace

import pytest

from threadkeep.domain.content import TextPart
from threadkeep.domain.objects import Assistant, Message, Page, Thread
from threadkeep.domain.runs import LastError, Run, RunStatus, RunStep, Usage
from threadkeep.domain.tool_calls import ToolCall
from threadkeep.wire import objects, run_objects

USAGE = Usage(prompt_tokens=32, completion_tokens=11, cached_tokens=3, reasoning_tokens=2)
USAGE_SHOWN = (
    '{"prompt_tokens": 32, "completion_tokens": 11, "total_tokens": 43, '
    '"prompt_token_details": {"cached_tokens": 3}, '
    '"completion_tokens_details": {"reasoning_tokens": 2}}'
)
RUN = Run(
    id="run_1",
    thread_id="thread_1",
    assistant_id="asst_1",
    created_at=1,
    expires_at=601,
    status="queued",
    model="gpt-4o",
)
STEP = RunStep(
    id="step_1",
    run_id="run_1",
    thread_id="thread_1",
    assistant_id="asst_1",
    created_at=2,
    expires_at=601,
    type="message_creation",
    message_id="msg_1",
)


def shown(wire: object) -> str:
    """As sent: the order of the keys counts."""
    return json.dumps(wire)


def test_assistant() -> None:
    """An assistant of defaults, key by key."""
    assistant = Assistant(id="asst_1", created_at=1, model="gpt-4o")
    assert shown(objects.assistant_object(assistant)) == (
        '{"id": "asst_1", "object": "assistant", "created_at": 1, "name": null, '
        '"description": null, "model": "gpt-4o", "instructions": null, "tools": [], "top_p": 1.0, '
        '"temperature": 1.0, "reasoning_effort": null, "tool_resources": {}, "metadata": {}, '
        '"response_format": "auto"}'
    )


def test_thread() -> None:
    """A thread shows nothing of its lock."""
    thread = Thread(id="thread_1", created_at=1, active_run_id="run_1", last_message_id="msg_1")
    assert shown(objects.thread_object(thread)) == (
        '{"id": "thread_1", "object": "thread", "created_at": 1, "metadata": {}, '
        '"tool_resources": {}}'
    )


def test_message() -> None:
    """A message always has its status and the times of its end."""
    message = Message(
        id="msg_1",
        thread_id="thread_1",
        created_at=1,
        role="user",
        content=[TextPart("Hello")],
        completed_at=1,
    )
    assert shown(objects.message_object(message)) == (
        '{"id": "msg_1", "object": "thread.message", "created_at": 1, "assistant_id": null, '
        '"thread_id": "thread_1", "run_id": null, "status": "completed", '
        '"incomplete_details": null, "incomplete_at": null, "completed_at": 1, "role": "user", '
        '"content": [{"type": "text", "text": {"value": "Hello", "annotations": []}}], '
        '"attachments": [], "metadata": {}}'
    )


def test_incomplete_message() -> None:
    """A message that was cut says why."""
    message = Message(
        id="msg_1",
        thread_id="thread_1",
        created_at=1,
        role="assistant",
        content=[],
        status="incomplete",
        incomplete_at=3,
        incomplete_reason="run_cancelled",
    )
    wire = objects.message_object(message)
    assert wire["incomplete_details"] == {"reason": "run_cancelled"}
    assert (wire["incomplete_at"], wire["completed_at"]) == (3, None)


def test_queued_run() -> None:
    """A new run, key by key."""
    assert shown(run_objects.run_object(RUN)) == (
        '{"id": "run_1", "object": "thread.run", "created_at": 1, "assistant_id": "asst_1", '
        '"thread_id": "thread_1", "status": "queued", "started_at": null, "expires_at": 601, '
        '"cancelled_at": null, "failed_at": null, "completed_at": null, "required_action": null, '
        '"last_error": null, "model": "gpt-4o", "instructions": null, "tools": [], '
        '"tool_resources": {}, "metadata": {}, "temperature": 1.0, "top_p": 1.0, '
        '"reasoning_effort": null, "max_completion_tokens": null, "max_prompt_tokens": null, '
        '"truncation_strategy": {"type": "auto", "last_messages": null}, '
        '"incomplete_details": null, "usage": null, "response_format": "auto", '
        '"tool_choice": "auto", "parallel_tool_calls": true}'
    )


@pytest.mark.parametrize("status", ["queued", "in_progress", "requires_action", "cancelling"])
def test_active_run(status: RunStatus) -> None:
    """Until a run is over it has its deadline, and no usage."""
    wire = run_objects.run_object(replace(RUN, status=status, usage=USAGE))
    assert (wire["expires_at"], wire["usage"]) == (601, None)


@pytest.mark.parametrize("status", ["completed", "incomplete", "failed", "cancelled", "expired"])
def test_run_that_is_over(status: RunStatus) -> None:
    """A run that is over has its usage, and no deadline."""
    wire = run_objects.run_object(replace(RUN, status=status, usage=USAGE))
    assert wire["expires_at"] is None
    assert shown(wire["usage"]) == USAGE_SHOWN


def test_ends_of_a_run() -> None:
    """A failure shows its error, an incomplete run its reason."""
    error = LastError(code="server_error", message="Sorry, something went wrong.")
    failed = run_objects.run_object(replace(RUN, status="failed", failed_at=5, last_error=error))
    assert failed["failed_at"] == 5
    assert shown(failed["last_error"]) == (
        '{"code": "server_error", "message": "Sorry, something went wrong."}'
    )
    cut = replace(RUN, status="incomplete", incomplete_reason="max_prompt_tokens")
    assert run_objects.run_object(cut)["incomplete_details"] == {"reason": "max_prompt_tokens"}


def test_required_action() -> None:
    """A run shows the calls that wait, without a place for their outputs, only while it waits."""
    waiting = replace(
        RUN,
        status="requires_action",
        pending_calls=[ToolCall("call_1", "f", '{"a":1}')],
    )
    assert shown(run_objects.run_object(waiting)["required_action"]) == (
        '{"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": [{"id": "call_1", '
        '"type": "function", "function": {"name": "f", "arguments": "{\\"a\\":1}"}}]}}'
    )
    assert run_objects.run_object(replace(waiting, status="expired"))["required_action"] is None


def test_run_step() -> None:
    """A step under way, key by key: with both names of its expiry, and metadata."""
    assert shown(run_objects.run_step_object(STEP)) == (
        '{"id": "step_1", "object": "thread.run.step", "created_at": 2, "run_id": "run_1", '
        '"assistant_id": "asst_1", "thread_id": "thread_1", "type": "message_creation", '
        '"status": "in_progress", "cancelled_at": null, "completed_at": null, "expires_at": 601, '
        '"expired_at": null, "failed_at": null, "last_error": null, "step_details": '
        '{"type": "message_creation", "message_creation": {"message_id": "msg_1"}}, '
        '"usage": null, "metadata": {}}'
    )


def test_run_step_that_is_over() -> None:
    """A step that is over has its usage and no deadline."""
    wire = run_objects.run_step_object(
        replace(STEP, status="completed", completed_at=4, usage=USAGE)
    )
    assert (wire["expires_at"], wire["completed_at"]) == (None, 4)
    assert shown(wire["usage"]) == USAGE_SHOWN


def test_page() -> None:
    """A page names its first and its last object."""
    threads = [Thread(id=f"thread_{n}", created_at=n) for n in range(3)]
    wire = objects.page_object(Page(data=threads, has_more=True), objects.thread_object)
    assert list(wire) == ["object", "data", "first_id", "last_id", "has_more"]
    assert wire["data"] == [objects.thread_object(thread) for thread in threads]
    assert (wire["object"], wire["first_id"], wire["last_id"]) == ("list", "thread_0", "thread_2")
    assert wire["has_more"] is True


def test_empty_page() -> None:
    """An empty page has nulls for its ids."""
    nothing: Page[Thread] = Page(data=[], has_more=False)
    assert shown(objects.page_object(nothing, objects.thread_object)) == (
        '{"object": "list", "data": [], "first_id": null, "last_id": null, "has_more": false}'
    )


def test_models() -> None:
    """The list of models has no pages."""
    assert shown(objects.model_list([objects.model_object("gpt-4o", "echo")])) == (
        '{"object": "list", "data": '
        '[{"id": "gpt-4o", "object": "model", "created": 0, "owned_by": "echo"}]}'
    )
