"""Objects as the service answered them, key by key in its order, with what `Made` stands for."""

from typing import Any

from tests.contract.exchanges import Made

Wire = dict[str, Any]

ASSISTANT = Made("assistant", "asst")
THREAD = Made("thread", "thread")
RUN = Made("run", "run")


def assistant(id_: Made = ASSISTANT, **fields: Any) -> Wire:
    return {
        "id": id_,
        "object": "assistant",
        "created_at": Made(f"{id_.name} created"),
        "name": None,
        "description": None,
        "model": "gpt-4o",
        "instructions": None,
        "tools": [],
        "top_p": 1.0,
        "temperature": 1.0,
        "reasoning_effort": None,
        "tool_resources": {},
        "metadata": {},
        "response_format": "auto",
    } | fields


def thread(id_: Made = THREAD, **fields: Any) -> Wire:
    """`tool_resources` is empty wherever nothing is set; the service showed two forms of that."""
    return {
        "id": id_,
        "object": "thread",
        "created_at": Made(f"{id_.name} created"),
        "metadata": {},
        "tool_resources": {},
    } | fields


def message(id_: Made, text: str, **fields: Any) -> Wire:
    """With the four keys that the service's documents promise and that it left out over REST, and
    with `attachments` where it answered a change with `file_ids`.
    """
    return {
        "id": id_,
        "object": "thread.message",
        "created_at": Made(f"{id_.name} created"),
        "assistant_id": None,
        "thread_id": THREAD,
        "run_id": None,
        "status": "completed",
        "incomplete_details": None,
        "incomplete_at": None,
        "completed_at": Made(f"{id_.name} completed"),
        "role": "user",
        "content": [{"type": "text", "text": {"value": text, "annotations": []}}],
        "attachments": [],
        "metadata": {},
    } | fields


def run(**fields: Any) -> Wire:
    return {
        "id": RUN,
        "object": "thread.run",
        "created_at": Made("run created"),
        "assistant_id": ASSISTANT,
        "thread_id": THREAD,
        "status": "queued",
        "started_at": None,
        "expires_at": Made("run created", later=600),
        "cancelled_at": None,
        "failed_at": None,
        "completed_at": None,
        "required_action": None,
        "last_error": None,
        "model": "gpt-4o",
        "instructions": None,
        "tools": [],
        "tool_resources": {},
        "metadata": {},
        "temperature": 1.0,
        "top_p": 1.0,
        "reasoning_effort": None,
        "max_completion_tokens": None,
        "max_prompt_tokens": None,
        "truncation_strategy": {"type": "auto", "last_messages": None},
        "incomplete_details": None,
        "usage": None,
        "response_format": "auto",
        "tool_choice": "auto",
        "parallel_tool_calls": True,
    } | fields


def page(*data: Wire, has_more: bool = False) -> Wire:
    return {
        "object": "list",
        "data": list(data),
        "first_id": data[0]["id"] if data else None,
        "last_id": data[-1]["id"] if data else None,
        "has_more": has_more,
    }


def deleted(id_: Made, kind: str) -> Wire:
    return {"id": id_, "object": f"{kind}.deleted", "deleted": True}
