"""Runs and run steps as the API shows them: every key, in the original's order.

They are given with the status that readers see (`effective`).
"""

from typing import TYPE_CHECKING

from threadkeep.domain.run_state import ACTIVE, PARK
from threadkeep.domain.runs import LastError, Run, RunStep, Usage
from threadkeep.domain.tool_calls import ToolCall
from threadkeep.wire.objects import as_sent

if TYPE_CHECKING:
    from threadkeep.wire.shapes.runs import (
        LastErrorObject,
        MessageCreationDetails,
        PendingCallObject,
        RequiredActionObject,
        RunObject,
        RunStepObject,
        ToolCallObject,
        ToolCallsDetails,
        UsageObject,
    )


def run_object(run: Run) -> "RunObject":
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
        "tools": as_sent(list(run.tools)),
        "tool_resources": as_sent(run.tool_resources),
        "metadata": as_sent(run.metadata),
        "temperature": run.temperature,
        "top_p": run.top_p,
        "reasoning_effort": as_sent(run.reasoning_effort),
        "max_completion_tokens": run.max_completion_tokens,
        "max_prompt_tokens": run.max_prompt_tokens,
        "truncation_strategy": as_sent(run.truncation_strategy),
        "incomplete_details": as_sent(run.incomplete_reason and {"reason": run.incomplete_reason}),
        "usage": None if active else _usage(run.usage),
        "response_format": as_sent(run.response_format),
        "tool_choice": as_sent(run.tool_choice),
        "parallel_tool_calls": run.parallel_tool_calls,
    }


def run_step_object(step: RunStep) -> "RunStepObject":
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


def _last_error(error: LastError | None) -> "LastErrorObject | None":
    return {"code": as_sent(error.code), "message": error.message} if error else None


def _required_action(run: Run) -> "RequiredActionObject | None":
    if run.status != PARK.target:
        return None
    calls = [_call(call) for call in run.pending_calls]
    return {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": calls}}


def _step_details(step: RunStep) -> "MessageCreationDetails | ToolCallsDetails":
    if step.type == "message_creation":
        message = {"message_id": as_sent(step.message_id)}
        return {"type": "message_creation", "message_creation": as_sent(message)}
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
