"""Whatever a model server does wrong is a `Failed` with the right code, and shows no secret."""

import socket

import pytest

from tests.model_server import ModelServer
from tests.model_turns import Drop, Events, Fault, Raw, delta
from tests.unit.providers.turns import PROMPT, Reader, answer, failure, request, text
from threadkeep.providers.openai_chat import OpenAIChat
from threadkeep.providers.port import Failed, Text


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (429, {"error": {"message": "slow down"}}, "rate_limit_exceeded"),
        (500, {"error": {"message": "slow down"}}, "server_error"),
        (503, "slow down", "server_error"),
        (401, {"error": "slow down"}, "server_error"),
        (403, {"message": "slow down"}, "server_error"),
        (404, {"detail": "slow down"}, "server_error"),
        (302, "slow down", "server_error"),
        (400, {"error": {"message": "slow down: 'n' is not supported"}}, "server_error"),
        (
            400,
            {"error": {"message": "slow down", "code": "context_length_exceeded"}},
            "invalid_prompt",
        ),
        (400, "slow down: this model's maximum context length is 8192 tokens", "invalid_prompt"),
        (400, {"error": {"message": "slow down: the prompt is too long"}}, "invalid_prompt"),
        (400, {"message": "slow down: Input is too long for requested model."}, "invalid_prompt"),
        (413, "slow down: the prompt is too long", "server_error"),
        (500, "slow down: the prompt is too long", "server_error"),
    ],
)
def test_an_error_status_is_a_failure_with_status_and_text(
    status: int, body: object, code: str
) -> None:
    """429 is a rate limit, a 400 about the prompt an invalid prompt, all else a server error."""
    failed = failure(Fault(status, body))
    assert failed.code == code
    assert str(status) in failed.message
    assert "slow down" in failed.message
    assert "{" not in failed.message


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
    ("error", "code"),
    [
        ({"code": 429, "message": "x"}, "rate_limit_exceeded"),
        ({"type": "rate_limit_error"}, "rate_limit_exceeded"),
        ({"code": "context_length_exceeded"}, "invalid_prompt"),
        ({"code": 500, "message": "can't process the prompt"}, "server_error"),
        ("out of memory", "server_error"),
        (["?"], "server_error"),
    ],
)
def test_an_error_in_the_stream_tells_its_kind(error: object, code: str) -> None:
    """Also without a status the three codes are told apart."""
    assert failure(Events([{"error": error}])).code == code


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


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (Drop(after_pieces=None), ""),
        (Drop(after_pieces=0), ""),
        (Drop(after_pieces=2), "piece 0 piece 1 "),
        (Events([delta(content="so"), delta("stop")]), "so"),
        (Events([]), ""),
        (Events([delta(content="so"), "{'broken'"]), "so"),
        (Events([delta(content="so"), "[" * 100_000]), "so"),
        (Events([delta(content="so"), "1" * 5_000]), "so"),
        (Events([delta(content="so"), {"choices": {}}]), "so"),
        (Events([delta(content="so"), {"choices": ["x"]}]), "so"),
        (Events([delta(content="so"), {"choices": [{"delta": "x"}]}]), "so"),
        (Events([delta(content="so"), delta(content=["x"])]), "so"),
        (Events([delta(content="so"), delta(content="\ud83d")]), "so"),
        (Events([delta(content="so"), "x" * (4 * 1024 * 1024 + 1)]), "so"),
        (Fault(200, {"choices": [{"message": {"content": "so"}}]}), ""),
        (Fault(200, "<html>", {"Content-Type": "text/html"}), ""),
        (Events([delta("stop", content="so")], {"Content-Encoding": "gzip"}), ""),
        (Raw(b""), ""),
        (Raw(b"SSH-2.0-x\r\n"), ""),
        (Raw(b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 200), ""),
        (Raw(b"HTTP/1.1 200 OK\r\n" + b"x" * 100_000), ""),
        (Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\ndata: {}\n\n"), ""),
        (Raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnumber\r\n"), ""),
        (Raw(b"HTTP/1.1 200 OK\r\n\r\ndata: \xff\xfe\n\n"), ""),
        (Raw(b"HTTP/1.1 500 Oh\r\nContent-Length: 900\r\n\r\nshort"), ""),
    ],
)
def test_whatever_a_server_does_is_a_failure_and_never_an_exception(
    script: Drop | Events | Fault | Raw, said: str
) -> None:
    """What was said before stays; then comes one `Failed`, a server error."""
    chunks = answer(script)
    assert text(chunks) == said
    assert [chunk.code for chunk in chunks if isinstance(chunk, Failed)] == ["server_error"]
    assert isinstance(chunks[-1], Failed)


def test_nobody_listening_is_a_failure() -> None:
    """Connection refused."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        [failed] = OpenAIChat(f"http://127.0.0.1:{taken.getsockname()[1]}").start(request())
    assert failed == Failed("server_error", "The model server can't be reached: Connection refused")
