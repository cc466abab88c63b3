"""Golden requests: for every feature, the exact JSON that a provider receives over real HTTP."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.chat import prompt
from tests.model_server import ModelServer
from tests.model_turns import Fault, Received, Say, Turn
from threadkeep.providers.dialect import Dialect
from threadkeep.providers.openai_chat import OpenAIChat
from threadkeep.providers.port import ChatRequest, Failed, Finished

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
_ROUND_TRIP: list[dict[str, Any]] = [
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


def received(changes: dict[str, Any], **dialect: Any) -> Any:
    """What the provider gets for an ordinary request with these changes."""
    request = replace(ChatRequest("scripted", prompt(_QUESTION), 1.0, 1.0), **changes)
    if "messages" in changes:
        request = replace(request, messages=prompt(*changes["messages"]))
    with ModelServer() as server:
        list(OpenAIChat(server.base_url, dialect=Dialect(**dialect)).start(request))
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
    body = received({"max_completion_tokens": 256}, token_limit="max_tokens")
    assert body == _PLAIN | {"max_tokens": 256}


def test_usage_is_not_asked_for_where_the_server_refuses_it() -> None:
    """`usage = false` in the catalogue."""
    body = received({}, ask_for_usage=False)
    assert body == {name: value for name, value in _PLAIN.items() if name != "stream_options"}


def test_sampling_is_not_told_to_a_model_that_refuses_it() -> None:
    """`sampling = false` in the catalogue."""
    assert received({"temperature": 0.2, "top_p": 0.9}, sampling=False) == _PLAIN


def test_the_content_beside_calls_is_what_the_server_takes() -> None:
    """`empty_content = ""` in the catalogue: some templates choke on null."""
    [_, _, called, *_] = received({"messages": _ROUND_TRIP}, empty_content="")["messages"]
    assert called == {**_ROUND_TRIP[2], "content": ""}


def test_messages_of_one_role_in_a_row_are_merged() -> None:
    """`merge_turns = true` in the catalogue: texts with a blank line between, parts in order."""
    called, *outputs = _ROUND_TRIP[2:5]
    messages = [
        {"role": "system", "content": "You are brief."},
        {"role": "user", "content": "One"},
        {"role": "user", "content": "two"},
        {"role": "user", "content": _PICTURES[:2]},
        {"role": "assistant", "content": "Well."},
        {**called, "content": None},
        *outputs,
        {"role": "assistant", "content": "7"},
        {"role": "assistant", "content": "degrees."},
    ]
    assert received({"messages": messages}, merge_turns=True)["messages"] == [
        {"role": "system", "content": "You are brief."},
        {"role": "user", "content": [{"type": "text", "text": "One\n\ntwo"}, *_PICTURES[:2]]},
        {**called, "content": "Well."},
        *outputs,
        {"role": "assistant", "content": "7\n\ndegrees."},
    ]


def _picky(*refused: str) -> Callable[[Received], Turn]:
    """A model that refuses parameters, one at a time, as reasoning models do."""

    def answer(request: Received) -> Turn:
        for name in refused:
            if name in request.body:
                text = f"Unsupported parameter: '{name}' is not supported with this model."
                return Fault(400, {"error": {"message": text, "param": name}})
        return Say("thought")

    return answer


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({"temperature": 0.2}, [{"temperature": 0.2}, {}]),
        ({"top_p": 0.9}, [{"top_p": 0.9}, {}]),
        (
            {"temperature": 0.2, "top_p": 0.9},
            [{"temperature": 0.2, "top_p": 0.9}, {"top_p": 0.9}, {}],
        ),
        ({}, [{}]),
    ],
)
def test_sampling_that_is_refused_by_name_is_left_out(
    changes: dict[str, Any], asked: list[dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    """Once for each parameter, and the log says so: an old assistant's run goes on."""
    request = replace(ChatRequest("scripted", prompt(_QUESTION), 1.0, 1.0), **changes)
    with ModelServer(_picky("temperature", "top_p")) as server:
        chunks = list(OpenAIChat(server.base_url).start(request))
        assert [each.body for each in server.requests] == [_PLAIN | further for further in asked]
    assert isinstance(chunks[-1], Finished)
    assert [record.levelname for record in caplog.records] == ["WARNING"] * (len(asked) - 1)
    assert all("sampling = false" in record.getMessage() for record in caplog.records)


def test_what_a_model_never_takes_is_asked_once() -> None:
    """Later turns leave it out at once; those of another model of the entry ask for themselves."""
    request = ChatRequest("scripted", prompt(_QUESTION), 0.2, 1.0)
    with ModelServer(_picky("temperature")) as server:
        provider = OpenAIChat(server.base_url)
        for model in ("scripted", "scripted", "another"):
            list(provider.start(replace(request, model=model)))
        asked = [(each.body["model"], "temperature" in each.body) for each in server.requests]
    assert asked == [
        ("scripted", True),
        ("scripted", False),
        ("scripted", False),
        ("another", True),
        ("another", False),
    ]


def test_a_value_that_a_model_refuses_is_not_remembered() -> None:
    """The next run's may be one that it takes."""

    def answer(request: Received) -> Turn:
        if request.body.get("temperature", 0) > 1:
            text = "temperature must be between 0 and 1"
            return Fault(400, {"error": {"message": text, "param": "temperature"}})
        return Say("thought")

    with ModelServer(answer) as server:
        provider = OpenAIChat(server.base_url)
        for temperature in (1.5, 0.5):
            list(provider.start(ChatRequest("scripted", prompt(_QUESTION), temperature, 1.0)))
        told = [each.body.get("temperature") for each in server.requests]
    assert told == [1.5, None, 0.5]


@pytest.mark.parametrize(
    "refusal",
    [
        Fault(400, {"error": {"message": "'n' is not supported", "param": "n"}}),
        Fault(500, {"error": {"message": "temperature of the machine too high"}}),
        Fault(400, {"error": {"message": "the temperature is wrong"}}),
    ],
)
def test_nothing_is_asked_for_ever(refusal: Fault) -> None:
    """Another refusal, or the same once more, is the turn's end."""
    request = ChatRequest("scripted", prompt(_QUESTION), 0.5, 1.0)
    with ModelServer(refusal) as server:
        [failed] = OpenAIChat(server.base_url).start(request)
        most = 2 if "the temperature" in str(refusal.body) else 1
        assert len(server.requests) == most
    assert isinstance(failed, Failed)
