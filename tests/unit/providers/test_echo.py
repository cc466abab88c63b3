from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.chat import prompt
from tests.unit.providers.turns import request, text
from threadkeep.domain.json_values import JSONObject
from threadkeep.domain.runs import Usage
from threadkeep.providers.echo import Echo
from threadkeep.providers.port import ChatRequest, Finished, Text

_TOOL: JSONObject = {"type": "function", "function": {"name": "f", "parameters": {}}}


def echo(*messages: dict[str, Any]) -> list[Any]:
    return list(Echo().start(ChatRequest("any", prompt(*messages), 1.0, 1.0)))


def test_the_last_user_message_is_the_answer() -> None:
    """Whoever spoke after the user is passed over."""
    chunks = echo(
        {"role": "user", "content": "first"},
        {"role": "user", "content": "second"},
        {"role": "assistant", "content": "answer"},
    )
    assert text(chunks) == "second"


def test_text_parts_are_joined_and_pictures_left_out() -> None:
    """Content in parts is understood."""
    parts = [
        {"type": "text", "text": "a"},
        {"type": "image_url", "image_url": {"url": "https://example.com/x.png"}},
        {"type": "text", "text": "b"},
    ]
    assert text(list(Echo().start(request(parts)))) == "a\nb"


def test_the_echo_calls_nothing() -> None:
    """Whatever it is offered, and in a thread with calls."""
    call = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    messages: list[dict[str, object]] = [
        {"role": "user", "content": "abc"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "7"},
    ]
    offered = ChatRequest("any", prompt(*messages), 1.0, 1.0, tools=[_TOOL], tool_choice="required")
    chunks = list(Echo().start(offered))
    assert text(chunks) == "abc"
    assert all(isinstance(chunk, Text | Finished) for chunk in chunks)


def test_without_a_user_message_the_answer_is_empty() -> None:
    """Instructions alone are echoed to nobody."""
    assert echo({"role": "system", "content": "abc"}) == [Finished("stop", Usage(prompt_tokens=1))]


@given(st.text())
def test_the_answer_comes_in_a_few_pieces_that_make_the_message(said: str) -> None:
    """Nothing is lost between the pieces, none is empty, and usage is an estimate."""
    *pieces, last = Echo().start(request(said))
    assert text(pieces) == said
    assert len(pieces) <= 4
    assert all(text([piece]) for piece in pieces)
    tokens = -(-len(said.encode()) // 3)
    assert last == Finished("stop", Usage(prompt_tokens=5 + tokens, completion_tokens=tokens))
