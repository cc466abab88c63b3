"""Domain objects as the API shows them: every key, in the original's order, null where nothing is.

Runs and steps are given with the status that readers see (`effective_status`).
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from threadkeep.domain.content import ContentPart, ImageFile, ImageUrl, TextPart
from threadkeep.domain.objects import Assistant, Message, Page, Thread
from threadkeep.domain.run_state import ACTIVE, PARK
from threadkeep.domain.runs import LastError, Run, RunStep, Usage
from threadkeep.domain.tool_calls import ToolCall

Wire = dict[str, Any]
T = TypeVar("T")


def assistant(assistant: Assistant) -> Wire:
    """An assistant."""
    return {
        "id": assistant.id,
        "object": "assistant",
        "created_at": assistant.created_at,
        "name": assistant.name,
        "description": assistant.description,
        "model": assistant.model,
        "instructions": assistant.instructions,
        "tools": list(assistant.tools),
        "top_p": assistant.top_p,
        "temperature": assistant.temperature,
        "reasoning_effort": assistant.reasoning_effort,
        "tool_resources": assistant.tool_resources,
        "metadata": assistant.metadata,
        "response_format": assistant.response_format,
    }


def thread(thread: Thread) -> Wire:
    """A thread."""
    return {
        "id": thread.id,
        "object": "thread",
        "created_at": thread.created_at,
        "metadata": thread.metadata,
        "tool_resources": thread.tool_resources,
    }


def message(message: Message) -> Wire:
    """A message, in REST as in events: always with its status and the times of its end."""
    return {
        "id": message.id,
        "object": "thread.message",
        "created_at": message.created_at,
        "assistant_id": message.assistant_id,
        "thread_id": message.thread_id,
        "run_id": message.run_id,
        "status": message.status,
        "incomplete_details": _reason(message.incomplete_reason),
        "incomplete_at": message.incomplete_at,
        "completed_at": message.completed_at,
        "role": message.role,
        "content": [_part(part) for part in message.content],
        "attachments": list(message.attachments),
        "metadata": message.metadata,
    }


def run(run: Run) -> Wire:
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
        "tools": list(run.tools),
        "tool_resources": run.tool_resources,
        "metadata": run.metadata,
        "temperature": run.temperature,
        "top_p": run.top_p,
        "reasoning_effort": run.reasoning_effort,
        "max_completion_tokens": run.max_completion_tokens,
        "max_prompt_tokens": run.max_prompt_tokens,
        "truncation_strategy": run.truncation_strategy,
        "incomplete_details": _reason(run.incomplete_reason),
        "usage": None if active else _usage(run.usage),
        "response_format": run.response_format,
        "tool_choice": run.tool_choice,
        "parallel_tool_calls": run.parallel_tool_calls,
    }


def run_step(step: RunStep) -> Wire:
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


def page(page: Page[T], to_wire: Callable[[T], Wire]) -> Wire:
    """A page of a list."""
    data = [to_wire(each) for each in page.data]
    return {
        "object": "list",
        "data": data,
        "first_id": data[0]["id"] if data else None,
        "last_id": data[-1]["id"] if data else None,
        "has_more": page.has_more,
    }


def model(name: str, owned_by: str, created: int = 0) -> Wire:
    """A model name that apps may use."""
    return {"id": name, "object": "model", "created": created, "owned_by": owned_by}


def models(data: Iterable[Wire]) -> Wire:
    """All models: the one list without pages."""
    return {"object": "list", "data": list(data)}


def deleted(id_: str, kind: str) -> Wire:
    """What is answered when an object of this kind is gone."""
    return {"id": id_, "object": f"{kind}.deleted", "deleted": True}


def _usage(usage: Usage | None) -> Wire | None:
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


def _reason(reason: str | None) -> Wire | None:
    return {"reason": reason} if reason else None


def _last_error(error: LastError | None) -> Wire | None:
    return {"code": error.code, "message": error.message} if error else None


def _required_action(run: Run) -> Wire | None:
    if run.status != PARK.target:
        return None
    calls = [_call(call) for call in run.pending_calls]
    return {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": calls}}


def _step_details(step: RunStep) -> Wire:
    if step.type == "message_creation":
        return {"type": step.type, "message_creation": {"message_id": step.message_id}}
    return {"type": step.type, "tool_calls": [_call_on_step(call) for call in step.calls]}


def _call(call: ToolCall) -> Wire:
    """A call that waits for its output: as on its step, but without the place for it."""
    function = {"name": call.name, "arguments": call.arguments}
    return {"id": call.id, "type": "function", "function": function}


def _call_on_step(call: ToolCall) -> Wire:
    function = {"name": call.name, "arguments": call.arguments, "output": call.output}
    return {"id": call.id, "type": "function", "function": function}


def _part(part: ContentPart) -> Wire:
    match part:
        case TextPart(value, annotations):
            return {"type": "text", "text": {"value": value, "annotations": list(annotations)}}
        case ImageUrl(url, detail):
            return {"type": "image_url", "image_url": {"url": url, "detail": detail}}
        case ImageFile(file_id, detail):
            return {"type": "image_file", "image_file": {"file_id": file_id, "detail": detail}}
