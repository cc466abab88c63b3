"""Domain objects as the API shows them: every key, in the original's order, null where nothing is.

Runs and their steps are in `run_objects`.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from threadkeep.domain.content import ContentPart, ImageFile, ImageUrl, TextPart
from threadkeep.domain.objects import Assistant, Message, Page, Thread

if TYPE_CHECKING:
    from threadkeep.wire import shapes
    from threadkeep.wire.shapes.objects import (
        ImageFilePartObject,
        ImageURLPartObject,
        TextPartObject,
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
        "tools": as_sent(list(assistant.tools)),
        "top_p": assistant.top_p,
        "temperature": assistant.temperature,
        "reasoning_effort": as_sent(assistant.reasoning_effort),
        "tool_resources": as_sent(assistant.tool_resources),
        "metadata": as_sent(assistant.metadata),
        "response_format": as_sent(assistant.response_format),
    }


def thread_object(thread: Thread) -> "shapes.ThreadObject":
    """A thread."""
    return {
        "id": thread.id,
        "object": "thread",
        "created_at": thread.created_at,
        "metadata": as_sent(thread.metadata),
        "tool_resources": as_sent(thread.tool_resources),
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
        "incomplete_details": as_sent(
            message.incomplete_reason and {"reason": message.incomplete_reason}
        ),
        "incomplete_at": message.incomplete_at,
        "completed_at": message.completed_at,
        "role": message.role,
        "content": [_part(part) for part in message.content],
        "attachments": as_sent(list(message.attachments)),
        "metadata": as_sent(message.metadata),
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


def as_sent(value: object) -> Any:
    """What an app has sent, or the service has chosen: checked when it was stored."""
    return value


def _part(part: ContentPart) -> "TextPartObject | ImageURLPartObject | ImageFilePartObject":
    match part:
        case TextPart(value, annotations):
            return {
                "type": "text",
                "text": {"value": value, "annotations": as_sent(list(annotations))},
            }
        case ImageUrl(url, detail):
            return {"type": "image_url", "image_url": {"url": url, "detail": detail}}
        case ImageFile(file_id, detail):
            return {"type": "image_file", "image_file": {"file_id": file_id, "detail": detail}}
