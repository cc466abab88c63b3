"""Prompts in the words of Chat Completions, which read shorter than the port's own values."""

from collections.abc import Mapping, Sequence
from typing import Any

from threadkeep.domain.chat import (
    AssistantMessage,
    ChatMessage,
    SystemMessage,
    ToolMessage,
    UserMessage,
)
from threadkeep.domain.content import ContentPart, ImageUrl, TextPart
from threadkeep.domain.tool_calls import ToolCall
from threadkeep.providers import chat_request
from threadkeep.providers.port import ChatRequest


def asked(request: ChatRequest) -> Sequence[Mapping[str, Any]]:
    """The messages of a request."""
    return chat_request.messages(request)


def prompt(*messages: Mapping[str, Any]) -> list[ChatMessage]:
    """The messages as the port has them."""
    return [_message(message) for message in messages]


def _message(message: Mapping[str, Any]) -> ChatMessage:
    content = message.get("content")
    match message["role"]:
        case "system":
            return SystemMessage(str(content))
        case "user":
            return UserMessage(_parts(content))
        case "assistant":
            calls = [ToolCall(c["id"], **_named(c)) for c in message.get("tool_calls", ())]
            return AssistantMessage(_parts(content), calls)
        case _:
            return ToolMessage(message["tool_call_id"], str(content))


def _named(call: Mapping[str, Any]) -> dict[str, str]:
    return {name: call["function"][name] for name in ("name", "arguments")}


def _parts(content: Any) -> list[ContentPart]:
    if content is None:
        return []
    if isinstance(content, str):
        return [TextPart(content)]
    return [
        TextPart(part["text"]) if part["type"] == "text" else ImageUrl(**part["image_url"])
        for part in content
    ]
