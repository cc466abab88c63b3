"""What the provider receives over real HTTP for what a run was created with: the whole body.

How the provider's client words a request is held in unit/providers/test_golden_requests.py; here
no parameter is lost on its way from the app.
"""

from typing import Any

import pytest

from tests.chaos.chain import Chain
from tests.chaos.test_tool_runs import submit
from tests.model_turns import Call, Calls, Say

WEATHER: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        "strict": True,
    },
}
FORCED = {"type": "function", "function": {"name": "get_weather"}}
SCHEMA = {
    "type": "json_schema",
    "json_schema": {"name": "answer", "schema": {"type": "object"}, "strict": True},
}
TEXT = {"type": "text", "text": "What is this?"}
PICTURE = {"url": "https://example.com/a.png"}
LARGE_PICTURE = {"url": "https://example.com/b.jpg", "detail": "high"}
HI = {"role": "user", "content": "Hi"}
PLAIN = {
    "model": "gpt-4o",
    "messages": [HI],
    "stream": True,
    "stream_options": {"include_usage": True},
}
TOOLS = {"tools": [WEATHER]}


def shown(text: object, *pictures: dict[str, str]) -> dict[str, Any]:
    """A message of the user's with pictures."""
    parts = [{"type": "image_url", "image_url": picture} for picture in pictures]
    return {"role": "user", "content": [text, *parts]}


def received(chain: Chain) -> Any:
    return chain.server.requests[-1].body


@pytest.mark.promise("11.5", "11.6", "12.4")
@pytest.mark.parametrize(
    ("given", "further"),
    [
        ({}, {}),
        ({"tools": [WEATHER]}, TOOLS),
        ({"tools": [WEATHER], "tool_choice": "auto"}, TOOLS),
        ({"tools": [WEATHER], "tool_choice": "none"}, {**TOOLS, "tool_choice": "none"}),
        ({"tools": [WEATHER], "tool_choice": "required"}, {**TOOLS, "tool_choice": "required"}),
        ({"tools": [WEATHER], "tool_choice": FORCED}, {**TOOLS, "tool_choice": FORCED}),
        (
            {"tools": [WEATHER], "parallel_tool_calls": False},
            {**TOOLS, "parallel_tool_calls": False},
        ),
        ({"response_format": "auto"}, {}),
        ({"response_format": {"type": "text"}}, {"response_format": {"type": "text"}}),
        ({"response_format": SCHEMA}, {"response_format": SCHEMA}),
        (
            {"response_format": {"type": "json_object"}, "instructions": "In JSON."},
            {
                "response_format": {"type": "json_object"},
                "messages": [{"role": "system", "content": "In JSON."}, HI],
            },
        ),
        ({"reasoning_effort": "low"}, {"reasoning_effort": "low"}),
        ({"temperature": 0.5, "top_p": 0.25}, {"temperature": 0.5, "top_p": 0.25}),
        ({"max_completion_tokens": 300}, {"max_completion_tokens": 300}),
        ({"max_prompt_tokens": 300}, {}),
        ({"model": "gpt-4o-mini"}, {"model": "gpt-4o-mini"}),
        ({"metadata": {"k": "v"}}, {}),
        (
            {"additional_messages": [shown(TEXT, PICTURE, LARGE_PICTURE)]},
            {"messages": [HI, shown(TEXT, {**PICTURE, "detail": "auto"}, LARGE_PICTURE)]},
        ),
    ],
)
def test_what_a_run_asks_for_is_what_the_provider_gets(
    chain: Chain, given: dict[str, Any], further: dict[str, Any]
) -> None:
    """A field more is as wrong as a field less."""
    chain.run(Say(), **{"tools": [], **given})
    assert received(chain) == {**PLAIN, **further}


@pytest.mark.promise("11.5")
def test_what_the_assistant_says_goes_for_its_runs(chain: Chain) -> None:
    """Where the run says nothing else."""
    assistant = chain.system.assistant(
        instructions="Be brief.",
        tools=[WEATHER],
        temperature=0.5,
        top_p=0.25,
        response_format={"type": "text"},
        reasoning_effort="high",
    )
    thread_id = chain.system.thread("Hi")["id"]
    chain.answers(Say())
    chain.ran(chain.system.run(thread_id, assistant["id"]))
    assert received(chain) == {
        **PLAIN,
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}],
        "tools": [WEATHER],
        "temperature": 0.5,
        "top_p": 0.25,
        "response_format": {"type": "text"},
        "reasoning_effort": "high",
    }


@pytest.mark.promise("11.1", "12.3", "12.4")
@pytest.mark.parametrize(
    ("choice", "later"),
    [("auto", {}), ("none", {"tool_choice": "none"}), ("required", {}), (FORCED, {})],
)
def test_the_turn_after_the_calls(chain: Chain, choice: Any, later: dict[str, Any]) -> None:
    """It is told what was said and called in one message, and each output; names, arguments and
    outputs as they were. A call is forced in the first turn only.
    """
    one = Call("get_weather", '{"city": "Zürich" }', id="call_a")
    two = Call("get_weather", "no JSON", id="call_b")
    tools = {"tools": [WEATHER], "tool_choice": choice}
    run = chain.run(Calls([one, two], text="Let me see."), **tools, max_completion_tokens=300)
    chain.answers(Say())
    submit(chain.system, run, call_b="", call_a='{"degrees": 7}')
    chain.ran(run)
    called = [
        {"id": c.id, "type": "function", "function": {"name": c.name, "arguments": c.arguments}}
        for c in (one, two)
    ]
    assert received(chain) == {
        **PLAIN,
        **TOOLS,
        **later,
        "max_completion_tokens": 300 - 5,
        "messages": [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Let me see.", "tool_calls": called},
            {"role": "tool", "tool_call_id": "call_a", "content": '{"degrees": 7}'},
            {"role": "tool", "tool_call_id": "call_b", "content": ""},
        ],
    }
