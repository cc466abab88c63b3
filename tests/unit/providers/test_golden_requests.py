"""Golden requests: for every feature, the exact JSON that a provider receives over real HTTP."""

from dataclasses import replace
from typing import Any

import pytest

from tests.model_server import ModelServer
from threadkeep.providers.openai_chat import OpenAIChat
from threadkeep.providers.port import ChatRequest

_QUESTION = {"role": "user", "content": "Weather in Zürich?"}
_WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather at a place, with „quotes“ and\nlines.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 1}},
            "required": ["city"],
            "additionalProperties": False,
        },
        "strict": False,
    },
}
_CLOCK = {
    "type": "function",
    "function": {
        "name": "get_time",
        "parameters": {"type": "object", "properties": {}},
        "strict": True,
    },
}
_TOOLS = (_WEATHER, _CLOCK)
_SCHEMA = {
    "type": "json_schema",
    "json_schema": {
        "name": "answer",
        "description": "The answer.",
        "schema": {"type": "object", "properties": {"degrees": {"type": "number"}}},
        "strict": True,
    },
}
_PICTURES = [
    {"type": "text", "text": "What is this?"},
    {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "auto"}},
    {"type": "image_url", "image_url": {"url": "https://example.com/b.png", "detail": "high"}},
]
_ROUND_TRIP = [
    {"role": "system", "content": "You are brief."},
    _QUESTION,
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {
                "id": "call_1",
                "type": "function",
                "function": {"name": "get_weather", "arguments": '{"city": "Zürich" }'},
            },
            {
                "id": "call_2",
                "type": "function",
                "function": {"name": "get_time", "arguments": 'no JSON \\ " at all'},
            },
        ],
    },
    {"role": "tool", "tool_call_id": "call_1", "content": '{"degrees": 7}'},
    {"role": "tool", "tool_call_id": "call_2", "content": ""},
    {"role": "assistant", "content": "7 degrees."},
    {"role": "user", "content": "Thanks."},
]
_PLAIN = {
    "model": "scripted",
    "messages": [_QUESTION],
    "stream": True,
    "stream_options": {"include_usage": True},
}


def received(changes: dict[str, Any], **settings: Any) -> Any:
    """What the provider gets for an ordinary request with these changes."""
    request = replace(ChatRequest("scripted", [_QUESTION], 1.0, 1.0), **changes)
    with ModelServer() as server:
        list(OpenAIChat(server.base_url, **settings).start(request))
        [one] = server.requests
    return one.body


def test_an_ordinary_request_says_nothing_that_is_at_its_default() -> None:
    """Many models refuse to be told even a default."""
    assert received({}) == _PLAIN


@pytest.mark.parametrize(
    ("changes", "further"),
    [
        pytest.param({"tools": [_WEATHER]}, {"tools": [_WEATHER]}, id="a tool"),
        pytest.param({"tools": _TOOLS}, {"tools": [_WEATHER, _CLOCK]}, id="tools, one strict"),
        pytest.param(
            {"tools": [_CLOCK], "tool_choice": "auto"}, {"tools": [_CLOCK]}, id="tool_choice auto"
        ),
        pytest.param(
            {"tools": [_CLOCK], "tool_choice": "none"},
            {"tools": [_CLOCK], "tool_choice": "none"},
            id="tool_choice none",
        ),
        pytest.param(
            {"tools": [_CLOCK], "tool_choice": "required"},
            {"tools": [_CLOCK], "tool_choice": "required"},
            id="tool_choice required",
        ),
        pytest.param(
            {
                "tools": _TOOLS,
                "tool_choice": {"type": "function", "function": {"name": "get_time"}},
            },
            {
                "tools": [_WEATHER, _CLOCK],
                "tool_choice": {"type": "function", "function": {"name": "get_time"}},
            },
            id="tool_choice forced",
        ),
        pytest.param(
            {"tools": [_CLOCK], "parallel_tool_calls": False},
            {"tools": [_CLOCK], "parallel_tool_calls": False},
            id="parallel_tool_calls false",
        ),
        pytest.param(
            {"tools": [_CLOCK], "parallel_tool_calls": True},
            {"tools": [_CLOCK]},
            id="parallel_tool_calls true",
        ),
        pytest.param(
            {"tool_choice": "required", "parallel_tool_calls": False}, {}, id="choices, no tools"
        ),
        pytest.param({"response_format": "auto"}, {}, id="response_format auto"),
        pytest.param(
            {"response_format": {"type": "text"}},
            {"response_format": {"type": "text"}},
            id="response_format text",
        ),
        pytest.param(
            {"response_format": {"type": "json_object"}},
            {"response_format": {"type": "json_object"}},
            id="response_format json_object",
        ),
        pytest.param(
            {"response_format": _SCHEMA},
            {"response_format": _SCHEMA},
            id="response_format json_schema",
        ),
        pytest.param(
            {"reasoning_effort": "low"}, {"reasoning_effort": "low"}, id="reasoning_effort"
        ),
        pytest.param(
            {"reasoning_effort": "none"}, {"reasoning_effort": "none"}, id="reasoning_effort none"
        ),
        pytest.param(
            {"max_completion_tokens": 256},
            {"max_completion_tokens": 256},
            id="max_completion_tokens",
        ),
        pytest.param(
            {"temperature": 0.0, "top_p": 0.25}, {"temperature": 0.0, "top_p": 0.25}, id="sampling"
        ),
        pytest.param({"temperature": 2.0}, {"temperature": 2.0}, id="temperature alone"),
        pytest.param(
            {"messages": [{"role": "user", "content": _PICTURES}]},
            {"messages": [{"role": "user", "content": _PICTURES}]},
            id="pictures",
        ),
        pytest.param(
            {"messages": _ROUND_TRIP, "tools": _TOOLS},
            {"messages": _ROUND_TRIP, "tools": [_WEATHER, _CLOCK]},
            id="a tool round trip",
        ),
    ],
)
def test_every_feature_reaches_the_provider_unchanged_and_nothing_else_does(
    changes: dict[str, Any], further: dict[str, Any]
) -> None:
    """The whole body is what is pinned: a field more is as wrong as a field less."""
    assert received(changes) == _PLAIN | further


def test_the_token_limit_goes_by_the_name_that_the_server_knows() -> None:
    """`token_limit = "max_tokens"` in the catalogue."""
    body = received({"max_completion_tokens": 256}, limit_field="max_tokens")
    assert body == _PLAIN | {"max_tokens": 256}


def test_usage_is_not_asked_for_where_the_server_refuses_it() -> None:
    """`usage = false` in the catalogue."""
    body = received({}, ask_for_usage=False)
    assert body == {name: value for name, value in _PLAIN.items() if name != "stream_options"}
