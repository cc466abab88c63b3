"""Domain objects as the API shows them: every key, in the original's order, null where nothing is.

Runs and steps are given with the status that readers see (`effective_status`).
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from threadkeep.domain.content import ContentPart, ImageFile, ImageUrl, TextPart
from threadkeep.domain.objects import Assistant, Message, Page, Thread
from threadkeep.domain.run_state import ACTIVE, PARK
from threadkeep.domain.runs import LastError, Run, RunStep, Usage
from threadkeep.domain.tool_calls import ToolCall

if TYPE_CHECKING:
    from threadkeep.wire import shapes
    from threadkeep.wire.shapes.objects import (
        ImageFilePartObject,
        ImageURLPartObject,
        TextPartObject,
    )
    from threadkeep.wire.shapes.runs import (
        LastErrorObject,
        MessageCreationDetails,
        PendingCallObject,
        RequiredActionObject,
        ToolCallObject,
        ToolCallsDetails,
        UsageObject,
    )


class _Identified(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=_Identified)
Shown = TypeVar("Shown")


def assistant_object(assistant: Assistant) -> "shapes.AssistantObject":
    """An assistant."""
    return {
        "id": assistant.id,
        "object": "assistant",
        "created_at": assistant.created_at,
        "name": assistant.name,
        "description": assistant.description,
        "model": assistant.model,
        "instructions": assistant.instructions,
        "tools": _as_sent(list(assistant.tools)),
        "top_p": assistant.top_p,
        "temperature": assistant.temperature,
        "reasoning_effort": _as_sent(assistant.reasoning_effort),
        "tool_resources": _as_sent(assistant.tool_resources),
        "metadata": _as_sent(assistant.metadata),
        "response_format": _as_sent(assistant.response_format),
    }


def thread_object(thread: Thread) -> "shapes.ThreadObject":
    """A thread."""
    return {
        "id": thread.id,
        "object": "thread",
        "created_at": thread.created_at,
        "metadata": _as_sent(thread.metadata),
        "tool_resources": _as_sent(thread.tool_resources),
    }


def message_object(message: Message) -> "shapes.MessageObject":
    """A message, in REST as in events: always with its status and the times of its end."""
    return {
        "id": message.id,
        "object": "thread.message",
        "created_at": message.created_at,
        "assistant_id": message.assistant_id,
        "thread_id": message.thread_id,
        "run_id": message.run_id,
        "status": message.status,
        "incomplete_details": _as_sent(
            message.incomplete_reason and {"reason": message.incomplete_reason}
        ),
        "incomplete_at": message.incomplete_at,
        "completed_at": message.completed_at,
        "role": message.role,
        "content": [_part(part) for part in message.content],
        "attachments": _as_sent(list(message.attachments)),
        "metadata": _as_sent(message.metadata),
    }


def run_object(run: Run) -> "shapes.RunObject":
    """A run. Over, it has usage and no `expires_at`; before, the reverse."""
    active = run.status in ACTIVE
    return {
        "id": run.id,
        "object": "thread.run",
        "created_at": run.created_at,
        "assistant_id": run.assistant_id,
        "thread_id": run.thread_id,
        "status": run.status,
        "started_at": run.started_at,
        "expires_at": run.expires_at if active else None,
        "cancelled_at": run.cancelled_at,
        "failed_at": run.failed_at,
        "completed_at": run.completed_at,
        "required_action": _required_action(run),
        "last_error": _last_error(run.last_error),
        "model": run.model,
        "instructions": run.instructions,
        "tools": _as_sent(list(run.tools)),
        "tool_resources": _as_sent(run.tool_resources),
        "metadata": _as_sent(run.metadata),
        "temperature": run.temperature,
        "top_p": run.top_p,
        "reasoning_effort": _as_sent(run.reasoning_effort),
        "max_completion_tokens": run.max_completion_tokens,
        "max_prompt_tokens": run.max_prompt_tokens,
        "truncation_strategy": _as_sent(run.truncation_strategy),
        "incomplete_details": _as_sent(run.incomplete_reason and {"reason": run.incomplete_reason}),
        "usage": None if active else _usage(run.usage),
        "response_format": _as_sent(run.response_format),
        "tool_choice": _as_sent(run.tool_choice),
        "parallel_tool_calls": run.parallel_tool_calls,
    }


def run_step_object(step: RunStep) -> "shapes.RunStepObject":
    """A run step: with `expires_at`, which the service sent, and `expired_at`, as specified."""
    return {
        "id": step.id,
        "object": "thread.run.step",
        "created_at": step.created_at,
        "run_id": step.run_id,
        "assistant_id": step.assistant_id,
        "thread_id": step.thread_id,
        "type": step.type,
        "status": step.status,
        "cancelled_at": step.cancelled_at,
        "completed_at": step.completed_at,
        "expires_at": step.expires_at if step.status == "in_progress" else None,
        "expired_at": step.expired_at,
        "failed_at": step.failed_at,
        "last_error": _last_error(step.last_error),
        "step_details": _step_details(step),
        "usage": _usage(step.usage or Usage()) if step.status != "in_progress" else None,
        "metadata": {},
    }


def page_object(page: Page[T], to_object: Callable[[T], Shown]) -> "shapes.PageObject[Shown]":
    """A page of a list."""
    return {
        "object": "list",
        "data": [to_object(each) for each in page.data],
        "first_id": page.data[0].id if page.data else None,
        "last_id": page.data[-1].id if page.data else None,
        "has_more": page.has_more,
    }


def model_object(name: str, owned_by: str, created: int = 0) -> "shapes.ModelObject":
    """A model name that apps may use."""
    return {"id": name, "object": "model", "created": created, "owned_by": owned_by}


def model_list(data: "Iterable[shapes.ModelObject]") -> "shapes.ModelList":
    """All models: the one list without pages."""
    return {"object": "list", "data": list(data)}


def deleted_assistant(id_: str) -> "shapes.DeletedAssistant":
    """The answer when an assistant is gone."""
    return {"id": id_, "object": "assistant.deleted", "deleted": True}


def deleted_thread(id_: str) -> "shapes.DeletedThread":
    """The answer when a thread is gone."""
    return {"id": id_, "object": "thread.deleted", "deleted": True}


def deleted_message(id_: str) -> "shapes.DeletedMessage":
    """The answer when a message is gone."""
    return {"id": id_, "object": "thread.message.deleted", "deleted": True}


def _usage(usage: Usage | None) -> "UsageObject | None":
    """`prompt_token_details` is the original's spelling."""
    if usage is None:
        return None
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total,
        "prompt_token_details": {"cached_tokens": usage.cached_tokens},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
    }


def _as_sent(value: object) -> Any:
    """What an app has sent, or the service has chosen: checked when it was stored."""
    return value


def _last_error(error: LastError | None) -> "LastErrorObject | None":
    return {"code": _as_sent(error.code), "message": error.message} if error else None


def _required_action(run: Run) -> "RequiredActionObject | None":
    if run.status != PARK.target:
        return None
    calls = [_call(call) for call in run.pending_calls]
    return {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": calls}}


def _step_details(step: RunStep) -> "MessageCreationDetails | ToolCallsDetails":
    if step.type == "message_creation":
        message = {"message_id": _as_sent(step.message_id)}
        return {"type": "message_creation", "message_creation": _as_sent(message)}
    return {"type": "tool_calls", "tool_calls": [_call_on_step(call) for call in step.calls]}


def _call(call: ToolCall) -> "PendingCallObject":
    """A call that waits for its output: as on its step, but without the place for it."""
    return {
        "id": call.id,
        "type": "function",
        "function": {"name": call.name, "arguments": call.arguments},
    }


def _call_on_step(call: ToolCall) -> "ToolCallObject":
    return {
        "id": call.id,
        "type": "function",
        "function": {"name": call.name, "arguments": call.arguments, "output": call.output},
    }


def _part(part: ContentPart) -> "TextPartObject | ImageURLPartObject | ImageFilePartObject":
    match part:
        case TextPart(value, annotations):
            return {
                "type": "text",
                "text": {"value": value, "annotations": _as_sent(list(annotations))},
            }
        case ImageUrl(url, detail):
            return {"type": "image_url", "image_url": {"url": url, "detail": detail}}
        case ImageFile(file_id, detail):
            return {"type": "image_file", "image_file": {"file_id": file_id, "detail": detail}}
