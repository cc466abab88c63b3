"""Chat Completions on the wire: the body of a request."""

import json
from collections.abc import Collection, Sequence
from typing import Any

from threadkeep.domain import chat
from threadkeep.domain.content import ContentPart, ImageFile, ImageUrl, TextPart, text_of
from threadkeep.domain.tool_calls import ToolCall
from threadkeep.providers.dialect import Dialect, WireMessage
from threadkeep.providers.port import ChatRequest

_DEFAULT_SAMPLING = 1.0


def messages(request: ChatRequest) -> list[WireMessage]:
    """The prompt as Chat Completions has it."""
    return [_message(message) for message in request.messages]


def _message(message: chat.ChatMessage) -> WireMessage:
    match message:
        case chat.SystemMessage(text):
            return {"role": "system", "content": text}
        case chat.UserMessage(content):
            return {"role": "user", "content": _content(content)}
        case chat.ToolMessage(call_id, output):
            return {"role": "tool", "tool_call_id": call_id, "content": output}
        case chat.AssistantMessage(content, calls) if calls:
            called = [_call(call) for call in calls]
            said = text_of(content) or None
            return {"role": "assistant", "content": said, "tool_calls": called}
        case chat.AssistantMessage(content):
            return {"role": "assistant", "content": _content(content)}


def _content(content: Sequence[ContentPart]) -> str | list[dict[str, Any]]:
    """A plain string where it is all text, else the parts."""
    if all(isinstance(part, TextPart) for part in content):
        return text_of(content)
    return [_part(part) for part in content]


def _part(part: ContentPart) -> dict[str, Any]:
    match part:
        case TextPart(value):
            return {"type": "text", "text": value}
        case ImageUrl(url, detail):
            return {"type": "image_url", "image_url": {"url": url, "detail": detail}}
        case ImageFile():
            raise NotImplementedError("pictures among the files are refused at their creation")


def _call(call: ToolCall) -> dict[str, Any]:
    function = {"name": call.name, "arguments": call.arguments}
    return {"id": call.id, "type": "function", "function": function}


def sampling(request: ChatRequest, dialect: Dialect) -> dict[str, float]:
    """The sampling parameters to send, by name.

    What is at its default is left out: many models refuse even that.
    """
    given = {"temperature": request.temperature, "top_p": request.top_p}
    if not dialect.sampling:
        return {}
    return {name: value for name, value in given.items() if value != _DEFAULT_SAMPLING}


def request_body(request: ChatRequest, dialect: Dialect, without: Collection[str] = ()) -> bytes:
    """The JSON of a request in the server's dialect, `without` some of its sampling parameters."""
    body: dict[str, Any] = {
        "model": request.model,
        "messages": dialect.messages(messages(request)),
        "stream": True,
    }
    if dialect.ask_for_usage:
        body["stream_options"] = {"include_usage": True}
    parameters = sampling(request, dialect)
    body |= {name: value for name, value in parameters.items() if name not in without}
    if request.tools:
        body |= _tools(request)
    if request.response_format != "auto":
        body["response_format"] = request.response_format
    if request.reasoning_effort is not None:
        body["reasoning_effort"] = request.reasoning_effort
    if request.max_completion_tokens is not None:
        body[dialect.token_limit] = request.max_completion_tokens
    return json.dumps(body, ensure_ascii=False).encode(errors="replace")


def _tools(request: ChatRequest) -> dict[str, Any]:
    """The tools, and how they may be called; without tools servers refuse that."""
    tools: dict[str, Any] = {"tools": list(request.tools)}
    if request.tool_choice != "auto":
        tools["tool_choice"] = request.tool_choice
    if not request.parallel_tool_calls:
        tools["parallel_tool_calls"] = False
    return tools
