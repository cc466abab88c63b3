import contextlib
import json

import pytest

from tests.model_server import ModelServer
from tests.model_turns import Call, Calls, Events, Raw, Say, delta, usage_chunk
from tests.unit.providers.turns import answer, failure, request, text
from threadkeep.domain.runs import Usage
from threadkeep.providers.openai_chat import OpenAIChat
from threadkeep.providers.port import CallArguments, CallBegan, Finished, Text


def test_text_comes_in_the_providers_pieces_and_then_how_it_ended() -> None:
    """An answer is its pieces, in order, then the reason, and the usage as the provider has it."""
    usage = Usage(prompt_tokens=12, completion_tokens=5, cached_tokens=3, reasoning_tokens=2)
    assert answer(Say("abcdef", pieces=3)) == [
        Text("ab"),
        Text("cd"),
        Text("ef"),
        Finished("stop", usage),
    ]


def test_the_request_is_a_streamed_chat_completion() -> None:
    """The provider gets the messages unchanged, under the configured path, with the key."""
    with ModelServer() as server:
        list(OpenAIChat(f"{server.base_url}/", "sk-1").start(request('Grüße, 世界 🌍\n\t"x"')))
        [received] = server.requests
    assert received.path == "/v1/chat/completions"
    assert received.headers["Authorization"] == "Bearer sk-1"
    assert received.headers["Content-Type"] == "application/json"
    assert received.headers["Host"] == server.base_url.split("/")[2]
    assert received.body == {
        "model": "scripted",
        "messages": [
            {"role": "system", "content": "You are brief."},
            {"role": "user", "content": 'Grüße, 世界 🌍\n\t"x"'},
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_without_a_key_no_authorization_is_sent() -> None:
    """A server without keys is not sent one."""
    with ModelServer() as server:
        list(OpenAIChat(server.base_url).start(request()))
        assert "Authorization" not in server.requests[0].headers


def test_an_answer_may_have_no_usage() -> None:
    """Not every server counts."""
    assert answer(Say(usage=None))[-1] == Finished("stop", None)


@pytest.mark.parametrize("reason", ["stop", "length", "content_filter"])
def test_known_reasons_are_passed_on(reason: str) -> None:
    """A length stop and a content filter reach execution as such."""
    last = answer(Say("x", finish_reason=reason))[-1]
    assert isinstance(last, Finished)
    assert last.reason == reason


@pytest.mark.parametrize("reason", [None, "eos_token", "tool_calls"])
def test_an_unknown_reason_or_none_is_stop_if_something_was_said(reason: str | None) -> None:
    """`[DONE]` without a finish reason that anybody knows: what was said stands."""
    last = answer(Say("x", finish_reason=reason, usage=None))[-1]
    assert last == Finished("stop")


def test_done_without_a_word_or_a_reason_is_a_failure() -> None:
    """`[DONE]` alone is no answer."""
    assert failure(Events(["[DONE]"])).code == "server_error"


def test_an_empty_answer_with_a_reason_is_an_answer() -> None:
    """The model may have nothing to say."""
    assert answer(Events([delta("stop", content=None), "[DONE]"])) == [Finished("stop")]


def test_a_refusal_is_the_answer() -> None:
    """A refusal is text of the model."""
    assert text(answer(Events([delta(refusal="No."), delta("stop"), "[DONE]"]))) == "No."


def test_calls_come_in_the_providers_pieces_after_the_text() -> None:
    """Parallel calls have their own ids; names and arguments are as the model wrote them."""
    two = [Call("f", '{"a": 1}'), Call("g", "no JSON", id="call_2", pieces=1)]
    assert answer(Calls(two, text="Let me see."))[:-1] == [
        Text("Let me see."),
        CallBegan(0, "call_1", "f"),
        CallArguments(0, '{"a"'),
        CallArguments(0, ": 1}"),
        CallBegan(1, "call_2", "g"),
        CallArguments(1, "no JSON"),
    ]


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": -1, "completion_tokens": True},
        {"prompt_tokens": 1e999, "completion_tokens": "5"},
        {},
        [],
        "none",
    ],
)
def test_usage_that_makes_no_sense_is_no_usage(usage: object) -> None:
    """Only whole numbers of tokens are counted."""
    events = [delta(content="x"), delta("stop"), {"choices": [], "usage": usage}, "[DONE]"]
    assert answer(Events(events))[-1] == Finished("stop")


def test_the_last_usage_counts() -> None:
    """Servers that tell a running usage are understood."""
    events = [delta("stop", content="x")]
    events += [usage_chunk({"prompt_tokens": 7, "completion_tokens": n}) for n in (1, 2)]
    last = answer(Events([*events, delta(), "[DONE]"]))[-1]
    assert last == Finished("stop", Usage(prompt_tokens=7, completion_tokens=2))


def test_a_stream_of_another_content_type_is_read_all_the_same() -> None:
    """Some servers do not name their stream."""
    body = b'data: {"choices":[{"delta":{"content":"so"}}]}\n\ndata: [DONE]\n\n'
    assert text(answer(Raw(b"HTTP/1.0 200 OK\r\n\r\n" + body))) == "so"


def test_what_comes_after_done_is_nobodys_business() -> None:
    """`[DONE]` ends the turn also if the server then breaks the connection off, or goes on."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n"
    body = f"data: {json.dumps(delta('stop', content='so'))}\n\ndata: [DONE]\n\n\xff".encode()
    assert answer(Raw(head + body)) == [Text("so"), Finished("stop")]


def test_nothing_is_sent_before_the_first_chunk_is_asked_for() -> None:
    """`start` only prepares."""
    with ModelServer() as server:
        call = OpenAIChat(server.base_url).start(request())
        assert server.requests == []
        assert text(list(call)) == "Hello from the model."


def test_a_reader_that_loses_interest_leaves_no_connection_behind() -> None:
    """Closing the iteration closes the socket: an open one would be a ResourceWarning."""
    with ModelServer(Say("abc")) as server:
        chunks = iter(OpenAIChat(server.base_url).start(request()))
        with contextlib.closing(chunks):
            assert next(chunks) == Text("a")


@pytest.mark.parametrize(
    "base_url",
    [
        "",
        "127.0.0.1:9000/v1",
        "ftp://host/v1",
        "http://",
        "http:///v1",
        "http://host:port/v1",
        "http://host:99999/v1",
        "http://host:0/v1",
        "http://[::1/v1",
        "http://user:secret@host/v1",
        "http://host/v1?key=secret",
        "http://host/v1#secret",
        "http://host/a b",
        "http://host/\r\nX: y",
        "http://höst/v1",
        f"http://{'a' * 64}.example/v1",
    ],
)
def test_a_base_url_that_cant_be_is_refused(base_url: str) -> None:
    """Before anything is sent, and without showing what may be a secret in it."""
    with pytest.raises(ValueError, match="base_url") as caught:
        OpenAIChat(base_url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("key", ["", "sk 1", "sk-1\n", "sk-1\r\nX: y", "schlüssel", "a\0b"])
def test_a_key_that_no_header_can_carry_is_refused(key: str) -> None:
    """And not shown."""
    with pytest.raises(ValueError, match="API key") as caught:
        OpenAIChat("http://host", key)
    assert not key or key not in str(caught.value)
