"""Whatever a model server does wrong is a `Failed` with the right code, and shows no secret."""

import json
import socket

import pytest

from tests.model_server import ModelServer
from tests.model_turns import Drop, Events, Fault, Raw, call_delta, delta, usage_chunk
from tests.unit.providers.turns import PROMPT, Reader, answer, failure, request, text
from threadkeep.domain.runs import Usage
from threadkeep.providers.openai_chat import OpenAIChat
from threadkeep.providers.port import Failed, Finished, Text

PASSING = True
LASTING = False


@pytest.mark.parametrize(
    ("status", "body", "code", "passing"),
    [
        (429, {"error": {"message": "slow down"}}, "rate_limit_exceeded", PASSING),
        (
            429,
            {"error": {"message": "slow down", "code": "insufficient_quota"}},
            "rate_limit_exceeded",
            LASTING,
        ),
        (
            429,
            {"error": {"message": "slow down", "type": "insufficient_quota"}},
            "rate_limit_exceeded",
            LASTING,
        ),
        (500, {"error": {"message": "slow down"}}, "server_error", PASSING),
        (502, "slow down", "server_error", PASSING),
        (503, "slow down", "server_error", PASSING),
        (529, "slow down", "server_error", PASSING),
        (500, "slow down: the prompt is too long", "server_error", PASSING),
        (302, "slow down", "server_error", LASTING),
        (400, {"error": {"message": "slow down: 'n' is not supported"}}, "server_error", LASTING),
        (401, {"error": "slow down"}, "server_error", LASTING),
        (403, {"message": "slow down"}, "server_error", LASTING),
        (404, {"detail": "slow down"}, "server_error", LASTING),
        (413, "slow down: the prompt is too long", "server_error", LASTING),
        (
            400,
            {"error": {"message": "slow down", "code": "context_length_exceeded"}},
            "invalid_prompt",
            LASTING,
        ),
        (
            400,
            "slow down: this model's maximum context length is 8192 tokens",
            "invalid_prompt",
            LASTING,
        ),
        (
            400,
            {"error": {"message": "slow down: the prompt is too long"}},
            "invalid_prompt",
            LASTING,
        ),
        (
            400,
            {"message": "slow down: Input is too long for requested model."},
            "invalid_prompt",
            LASTING,
        ),
    ],
)
def test_an_error_status_is_a_failure_with_status_and_text(
    status: int, body: object, code: str, *, passing: bool
) -> None:
    """429 is a rate limit, a 400 about the prompt an invalid prompt, all else a server error. Only
    429 and 5xx may pass.
    """
    failed = failure(Fault(status, body))
    assert (failed.code, failed.passing) == (code, passing)
    assert str(status) in failed.message
    assert "slow down" in failed.message
    assert "{" not in failed.message


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (429, {"Retry-After": "7"}, 7.0),
        (503, {"Retry-After": "7"}, 7.0),
        (429, {"retry-after-ms": "1500", "Retry-After": "7"}, 1.5),
        (429, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        (429, {"Retry-After": "soon"}, None),
        (429, {}, None),
        (400, {"Retry-After": "7"}, None),
    ],
)
def test_a_failure_that_may_pass_says_when_if_the_provider_does(
    status: int, headers: dict[str, str], seconds: float | None
) -> None:
    """Of the server's wish, not of ours."""
    assert failure(Fault(status, "slow down", headers)).retry_after == seconds


def test_an_error_without_a_body_names_the_status() -> None:
    """There may be nothing but the status."""
    assert failure(Fault(502)).message == "The model server answered with status 502."


def test_an_error_in_the_stream_is_a_failure() -> None:
    """Servers that answered 200 report errors as an event."""
    events = [delta(content="so "), {"error": {"message": "overloaded", "code": 503}}]
    chunks = answer(Events(events))
    assert chunks == [
        Text("so "),
        Failed("server_error", "The model server reported an error: overloaded"),
    ]


@pytest.mark.parametrize(
    ("error", "code", "passing"),
    [
        ({"code": 429, "message": "x"}, "rate_limit_exceeded", PASSING),
        ({"type": "rate_limit_error"}, "rate_limit_exceeded", PASSING),
        ({"code": "insufficient_quota"}, "rate_limit_exceeded", LASTING),
        ({"code": 500, "message": "can't process the prompt"}, "server_error", PASSING),
        ({"type": "server_error"}, "server_error", PASSING),
        ({"type": "overloaded_error"}, "server_error", PASSING),
        ({"code": "context_length_exceeded"}, "invalid_prompt", LASTING),
        ({"type": "invalid_request_error", "code": 400}, "server_error", LASTING),
        ("out of memory", "server_error", LASTING),
        (["?"], "server_error", LASTING),
    ],
)
def test_an_error_in_the_stream_tells_its_kind(error: object, code: str, *, passing: bool) -> None:
    """Also without a status the three codes are told apart, and what may pass from what lasts."""
    failed = failure(Events([{"error": error}]))
    assert (failed.code, failed.passing) == (code, passing)


@pytest.mark.parametrize("status", [200, 400, 500])
def test_neither_key_nor_prompt_are_ever_shown(status: int) -> None:
    """A server that quotes what it was sent does not get it into the run's error."""
    key, short = "sk-canary-0123456789", "canary 7"
    quoted = f"bad request: Bearer {key} {PROMPT} or {short} or so"
    with ModelServer(Fault(status, {"error": {"message": quoted}})) as server:
        provider = OpenAIChat(server.base_url, key)
        for content in (PROMPT, [{"type": "text", "text": f"Well. {PROMPT}"}], short):
            [failed] = provider.start(request(content))
            assert isinstance(failed, Failed)
            assert failed.message.endswith("or so")
            assert key not in failed.message
            assert (short if content == short else PROMPT) not in failed.message
        assert key not in repr(provider)


def test_the_providers_text_is_cut_to_300_characters() -> None:
    """Nor is the key shown by being cut in two."""
    key = "K" * 60
    with ModelServer(Fault(500, f"{'é' * 280}{key}{'y' * 100_000}")) as server:
        [failed] = OpenAIChat(server.base_url, key).start(request())
    assert isinstance(failed, Failed)
    summary, _, shown = failed.message.partition(": ")
    assert summary == "The model server answered with status 500"
    assert shown == "é" * 280 + "***" + "y" * 17


def test_a_request_refused_before_it_was_read_is_told_by_its_status() -> None:
    """A server may answer and leave while a long prompt is still being sent."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        provider = OpenAIChat(f"http://127.0.0.1:{listener.getsockname()[1]}")
        reader = Reader(provider.start(request("x" * 16_000_000)))
        connection, _ = listener.accept()
        with connection:
            connection.recv(1)
            connection.sendall(b"HTTP/1.1 413 Large\r\nContent-Length: 4\r\n\r\nlong")
            connection.shutdown(socket.SHUT_WR)
        [failed] = reader.rest()
    assert isinstance(failed, Failed)
    assert "413" in failed.message


_SO = delta(content="so")


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (Drop(after_pieces=2), "piece 0 piece 1 "),
        (Events([_SO, "{'broken'"]), "so"),
        (Events([_SO, "[" * 100_000]), "so"),
        (Events([_SO, "1" * 5_000]), "so"),
        (Events([_SO, {"choices": {}}]), "so"),
        (Events([_SO, {"choices": ["x"]}]), "so"),
        (Events([_SO, {"choices": [{"delta": "x"}]}]), "so"),
        (Events([_SO, delta(content=["x"])]), "so"),
        (Events([_SO, "x" * (4 * 1024 * 1024 + 1)]), "so"),
        (Events([_SO, {"error": {"code": 503}}]), "so"),
        (Events([_SO, {"error": {"type": "rate_limit_error", "code": 500}}]), "so"),
        (Events([call_delta(0, {"name": "f", "arguments": "{"})]), ""),
        (Fault(200, {"choices": [{"message": {"content": "so"}}]}), ""),
        (Fault(200, "<html>", {"Content-Type": "text/html"}), ""),
        (Events([delta("stop", content="so")], {"Content-Encoding": "gzip"}), ""),
        (Events(["{'broken'"]), ""),
        (Events(["[DONE]"]), ""),
        (Raw(b"SSH-2.0-x\r\n"), ""),
        (Raw(b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 200), ""),
        (Raw(b"HTTP/1.1 200 OK\r\n" + b"x" * 100_000), ""),
        (Raw(b"HTTP/1.1 200 OK\r\n\r\ndata: \xff\xfe\n\n"), ""),
    ],
)
def test_whatever_a_server_does_is_a_failure_and_never_an_exception(
    script: Drop | Events | Fault | Raw, said: str
) -> None:
    """What was said before stays; then comes one `Failed`. After the first token, or where the
    server makes no sense, nothing is gained by asking again.
    """
    *before, failed = answer(script)
    assert text(before) == said
    assert not any(isinstance(chunk, Failed) for chunk in before)
    assert isinstance(failed, Failed)
    assert not failed.passing
    assert failed.retry_after is None


@pytest.mark.parametrize(
    "script",
    [
        Drop(after_pieces=None),
        Drop(after_pieces=0),
        Events([]),
        Events([delta(role="assistant", content="")]),
        Events([call_delta(0, {"arguments": "{"}, id="call_1")]),
        Raw(b""),
        Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\ndata: {}\n\n"),
        Raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnumber\r\n"),
        Raw(b"HTTP/1.1 500 Oh\r\nContent-Length: 900\r\n\r\nshort"),
    ],
)
def test_a_connection_that_drops_before_the_first_token_may_pass(
    script: Drop | Events | Raw,
) -> None:
    """Nobody has been shown anything: the same request can be sent again."""
    failed = failure(script)
    assert (failed.code, failed.passing) == ("server_error", True)


def test_a_body_that_ends_whole_after_a_reason_is_a_turn() -> None:
    """Many servers never send `[DONE]`; the usage may still come after the reason."""
    usage = usage_chunk({"prompt_tokens": 5, "completion_tokens": 3})
    chunks = answer(Events([_SO, delta("stop"), usage]))
    assert chunks == [Text("so"), Finished("stop", Usage(prompt_tokens=5, completion_tokens=3))]


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 900\r\n\r\n%s",
        b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s",
    ],
)
def test_a_body_cut_off_after_a_reason_is_no_turn(framing: bytes) -> None:
    """HTTP says that more was to come: perhaps the usage, perhaps more of a call."""
    body = b"".join(b"data: %s\n\n" % json.dumps(each).encode() for each in (_SO, delta("stop")))
    filled = framing % ((len(body), body) if b"%x" in framing else body)
    *_, failed = answer(Raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n" + filled))
    assert failed == Failed("server_error", "The model server broke off the connection.")


def test_nobody_listening_is_a_failure_that_may_pass() -> None:
    """Connection refused."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        [failed] = OpenAIChat(f"http://127.0.0.1:{taken.getsockname()[1]}").start(request())
    assert failed == Failed(
        "server_error", "The model server can't be reached: Connection refused", passing=True
    )
