"""The HTTP front on real sockets: nothing a client does holds up another one, or the server."""

import asyncio
import json
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from infra.local.aws.proxy_event import HttpRequest, HttpResponse
from infra.local.http.http_server import listen
from tests.unit.local.loopback import PATIENCE, ask, serving, whole
from threadkeep.wire.validation import MAX_BODY_BYTES

SLOW = b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n"


def echo(request: HttpRequest) -> HttpResponse:
    """Answers with what it was asked."""
    seen = {
        "method": request.method,
        "path": request.path,
        "query": request.query,
        "headers": dict(request.headers),
        "size": len(request.body),
        "daemon": threading.current_thread().daemon,
    }
    return HttpResponse(200, (("Content-Type", "application/json"),), json.dumps(seen).encode())


class Slow:
    """Answers `/slow` only when it is released; everything else at once."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.release = threading.Event()
        self.ended = threading.Semaphore(0)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == "/slow":
            self.begun.release()
            assert self.release.wait(PATIENCE)
            self.ended.release()
        return echo(request)


def connect(port: int, sent: bytes) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port), PATIENCE)
    client.sendall(sent)
    return client


def read_all(client: socket.socket) -> bytes:
    received = b""
    try:
        while more := client.recv(65_536):
            received += more
    except ConnectionResetError:
        pass
    return received


def test_a_request_arrives_as_it_was_sent() -> None:
    """Method, encoded path, query, headers and body reach the gateway; the answer comes back."""
    with serving(whole(echo)) as port:
        status, headers, seen = ask(port, "POST", "/v1/a%2Fb?x=%20&y", b"12345")
    assert status == 200
    assert headers["content-type"] == "application/json"
    assert "server" not in headers
    assert (seen["method"], seen["path"], seen["query"]) == ("POST", "/v1/a%2Fb", "x=%20&y")
    assert seen["headers"]["authorization"] == "Bearer sk-good"
    assert seen["size"] == 5
    assert seen["daemon"] is True


def test_a_connection_serves_many_requests() -> None:
    """Connections are kept; a HEAD has no body that would spoil the next answer."""
    with serving(whole(echo)) as port:
        head = b"HEAD /a HTTP/1.1\r\nhost: x\r\n\r\n"
        close = b"GET /b HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
        with connect(port, head + close) as client:
            received = read_all(client)
    assert received.count(b"HTTP/1.1 200 OK") == 2
    assert received.count(b'"method"') == 1


def test_100_slow_requests_do_not_hold_up_another() -> None:
    """While 100 requests wait, the 101st is answered; then so are they."""
    slow = Slow()
    with serving(whole(slow)) as port:
        clients = [connect(port, SLOW) for _ in range(100)]
        for _ in clients:
            assert slow.begun.acquire(timeout=PATIENCE)
        assert ask(port)[0] == 200
        slow.release.set()
        for client in clients:
            assert client.recv(65_536).startswith(b"HTTP/1.1 200")
            client.close()


def test_a_client_that_leaves_changes_nothing() -> None:
    """A request runs to its end when its client is gone, and the server goes on."""
    slow = Slow()
    with serving(whole(slow)) as port:
        client = connect(port, SLOW)
        assert slow.begun.acquire(timeout=PATIENCE)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
        slow.release.set()
        assert slow.ended.acquire(timeout=PATIENCE)
        assert ask(port)[0] == 200


def test_a_client_that_leaves_a_stream_ends_it() -> None:
    """With the next chunk; the chunks are closed, and no thread is left."""
    closed, more = threading.Event(), threading.Semaphore(1)

    def endless() -> Iterator[bytes]:
        try:
            while more.acquire(timeout=PATIENCE):
                yield b"x"
        finally:
            closed.set()

    with serving(lambda _: HttpResponse(200, (), chunks=endless())) as port:
        with connect(port, b"GET / HTTP/1.1\r\nhost: x\r\n\r\n") as client:
            while not client.recv(1_000).endswith(b"x\r\n"):
                pass
        while not closed.wait(0.05):  # when the server hears of it is up to the machine
            more.release()
    assert not [thread for thread in threading.enumerate() if thread.name == "request"]


def test_a_client_that_leaves_within_its_body_is_not_answered() -> None:
    """Half a request is none: nobody is asked."""
    asked = []

    def answer(request: HttpRequest) -> HttpResponse:
        asked.append(request.path)
        return echo(request)

    with serving(whole(answer)) as port:
        half = b"POST /half HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n12345"
        with connect(port, half) as client:
            client.shutdown(socket.SHUT_RDWR)
        assert ask(port, path="/whole")[0] == 200
    assert asked == ["/whole"]


def test_a_stopped_server_leaves_slow_requests_behind() -> None:
    """A request that never ends does not hold up the end of the server."""
    slow = Slow()
    with serving(whole(slow)) as port:
        client = connect(port, SLOW)
        assert slow.begun.acquire(timeout=PATIENCE)
    slow.release.set()
    assert slow.ended.acquire(timeout=PATIENCE)
    client.close()


@pytest.mark.parametrize("chunked", [False, True])
def test_a_large_body_is_read_but_not_kept(*, chunked: bool) -> None:
    """A client can send its whole body and then read the refusal."""
    size = 3 * MAX_BODY_BYTES
    with serving(whole(echo)) as port:
        if chunked:
            head = b"transfer-encoding: chunked\r\n\r\n%x\r\n" % size
            tail = b"\r\n0\r\n\r\n"
        else:
            head, tail = b"content-length: %d\r\n\r\n" % size, b""
        start = b"POST /v1/threads HTTP/1.1\r\nhost: x\r\nconnection: close\r\n"
        with connect(port, start + head) as client:
            client.sendall(b" " * size + tail)
            received = read_all(client)
    assert received.endswith(b'"TOO_LARGE"')


@pytest.mark.parametrize(
    "sent",
    [
        b"\x00\xff\xfe\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /v1/\xff\xfe HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET /v1/threads/%ff%fe%00 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        b"GET http://x/v1/models HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        b"GET * HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        b"GET / HTTP/9.9\r\nhost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\nx: " + b"a" * 200_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\nx: \xff\xfe\r\nconnection: close\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade, close\r\n\r\n",
        b"",
    ],
    ids=lambda sent: repr(sent[:40]),
)
def test_bad_http_ends_its_connection_only(sent: bytes) -> None:
    """Whatever bytes come, the next client is served."""
    with serving(whole(echo)) as port:
        with connect(port, b"") as client:
            with suppress(OSError):  # it may be refused before it is sent
                client.sendall(sent)
                client.shutdown(socket.SHUT_WR)
            received = read_all(client)
        assert not received or received.startswith(b"HTTP/1.1 ")
        assert ask(port)[0] == 200


def test_connections_send_at_once() -> None:
    """TCP_NODELAY is on for connections of the listening socket (without: 40 ms a request)."""

    async def accepted() -> int:
        seen: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def connected(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connection = writer.get_extra_info("socket")
            seen.set_result(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        listening = listen("127.0.0.1", 0)
        async with await asyncio.start_server(connected, sock=listening):
            _, writer = await asyncio.open_connection(*listening.getsockname())
            writer.close()
            return await asyncio.wait_for(seen, PATIENCE)

    assert asyncio.run(accepted()) != 0
