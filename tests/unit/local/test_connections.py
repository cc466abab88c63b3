"""Clients that hold a connection for nothing, on real sockets: each is ended, and told why."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest

from infra.local.aws.proxy_event import HttpRequest, HttpResponse
from infra.local.http.bodies import Unread
from infra.local.http.front import Admitted
from infra.local.http.limits import DEFAULTS, Limits
from tests.unit.local.loopback import PATIENCE, ask, serving, whole

HASTY = replace(DEFAULTS, progress=0.2, unread=0.2)
BODY = replace(DEFAULTS, body=0.2, progress=1_000)
SKIP = replace(DEFAULTS, skip=0.2, progress=1_000)
CLOSE = b"connection: close"
LARGE = 100_000_000  # more than the sockets' own buffers hold


def size(request: HttpRequest) -> HttpResponse:
    """Answers with the size of the body."""
    return HttpResponse(200, (), str(len(request.body)).encode())


def large(_: HttpRequest) -> HttpResponse:
    return HttpResponse(200, (), bytes(LARGE))


def refused(_: HttpRequest) -> HttpResponse:
    return HttpResponse(401, (), b"who?")


def connect(port: int, sent: bytes = b"") -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port), PATIENCE)
    client.sendall(sent)
    return client


def read_all(client: socket.socket) -> bytes:
    """All that comes until the server ends the connection."""
    received = bytearray()
    try:
        while more := client.recv(1_000_000):
            received += more
    except ConnectionResetError:
        pass
    return bytes(received)


def send_on(client: socket.socket) -> None:
    """Send a byte now and then, for as long as the other side takes it."""
    for _ in range(100 * PATIENCE):
        client.send(b"x")
        threading.Event().wait(0.01)


def answer(client: socket.socket) -> tuple[int, bytes, bytes]:
    """Status, headers and body of the last answer on the connection."""
    head, _, body = read_all(client).rpartition(b"\r\n\r\n")
    last = head[head.rindex(b"HTTP/1.1 ") :].lower()
    return int(last.split()[1]), last, body


def is_refusal(body: bytes) -> bool:
    error = json.loads(body)["error"]
    return set(error) == {"message", "type", "param", "code"}


def post(length: int, sent: bytes = b"", *headers: bytes) -> bytes:
    lines = [b"POST / HTTP/1.1", b"host: x", b"content-length: %d" % length, *headers]
    return b"\r\n".join([*lines, b"", sent])


@pytest.mark.parametrize(
    "sent",
    [b"", b"G", b"GET / HTTP/1.1\r\nhost: x\r\n", b"GET / HTTP/1.1\r\nhost: x\r\n\r\nGET /"],
    ids=["nothing", "a byte", "headers", "a second request"],
)
def test_half_a_head_is_given_up(sent: bytes) -> None:
    """A connection on which a request begins and does not go on is ended with 408."""
    with serving(whole(size), HASTY) as port, connect(port, sent) as client:
        status, headers, body = answer(client)
        assert (status, is_refusal(body)) == (408, True)
        assert b"connection: close" in headers
        assert ask(port)[0] == 200


def test_a_head_without_an_end_is_given_up() -> None:
    """One that goes on and on is ended, too: it has time as a whole."""
    ends_late = replace(DEFAULTS, head=0.2)
    with serving(whole(size), ends_late) as port, connect(port, b"GET / HTTP/1.1\r\n") as client:
        client.settimeout(0.1)  # between two bytes
        received = b""
        for _ in range(10 * PATIENCE):
            try:
                received = client.recv(1_000)
            except TimeoutError:
                client.sendall(b"x")
            if received:
                break
        assert received.startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("sent", [b"", b"12345"])
@pytest.mark.parametrize("limits", [HASTY, BODY], ids=["no progress", "no end"])
def test_half_a_body_is_given_up(limits: Limits, sent: bytes) -> None:
    """The client is told that it was too slow, and its connection ends."""
    with serving(whole(size), limits) as port, connect(port, post(10, sent)) as client:
        status, headers, body = answer(client)
    assert (status, body) == (400, b'"TOO_SLOW"')
    assert b"connection: close" in headers


@pytest.mark.parametrize("limits", [HASTY, SKIP], ids=["no progress", "no end"])
def test_a_body_of_a_refused_request_is_not_waited_for(limits: Limits) -> None:
    """It is read for a moment, so that the client may see its refusal, and then given up."""
    with serving(refused, limits) as port, connect(port, post(10, b"12345")) as client:
        status, headers, body = answer(client)
    assert (status, body) == (401, b"who?")
    assert b"connection: close" in headers


def test_an_endless_body_of_a_refused_request_is_given_up() -> None:
    """No more than a limit is read for nothing."""
    little = replace(DEFAULTS, skipped_bytes=100_000)
    with ExitStack() as opened:
        port = opened.enter_context(serving(refused, little))
        client = opened.enter_context(connect(port, post(5_000_000_000)))
        with pytest.raises(ConnectionError):
            client.sendall(bytes(1_000_000_000))


def test_a_refused_client_goes_on_with_its_connection() -> None:
    """Who sent a body for nothing can send the next request."""
    with serving(refused) as port:
        requests = post(3_000_000, bytes(3_000_000)) + post(0, b"", CLOSE)
        with connect(port, requests) as client:
            assert read_all(client).count(b"HTTP/1.1 401") == 2


def test_no_body_is_read_before_its_request_is_admitted() -> None:
    """While a request is judged, what its client sends stays out of the process."""
    judging, judged = threading.Event(), threading.Event()

    def admit(_: HttpRequest) -> HttpResponse:
        judging.set()
        assert judged.wait(PATIENCE)
        return HttpResponse(401, ())

    with serving(admit) as port, connect(port, post(LARGE)) as client:
        assert judging.wait(PATIENCE)
        client.settimeout(0.5)
        with pytest.raises(TimeoutError):  # the sockets' buffers are full, nobody empties them
            client.sendall(bytes(LARGE))
        judged.set()


def test_a_client_that_asks_first_is_invited_or_refused() -> None:
    """`Expect: 100-continue`: an admitted client is told to send, a refused one is not."""
    expect = b"expect: 100-continue"
    with serving(refused) as port, connect(port, post(10, b"", expect)) as client:
        received = read_all(client)
        assert received.startswith(b"HTTP/1.1 401 ")
        assert received.endswith(b"who?")
    polite = post(5, b"", expect, CLOSE)
    with serving(whole(size)) as port, connect(port, polite) as client:
        assert client.recv(1_000).startswith(b"HTTP/1.1 100 ")
        client.sendall(b"12345")
        assert read_all(client).endswith(b"\r\n\r\n5")


def test_large_bodies_wait_for_room() -> None:
    """All bodies under way have a number of bytes together. Who finds no room in time is refused;
    small bodies need none; an answered request gives its room back.
    """
    narrow = replace(DEFAULTS, bodies_bytes=300_000, room=0.2)
    with serving(whole(size), narrow) as port:
        with connect(port, post(200_000, bytes(100_000), CLOSE)) as first:
            with connect(port, post(200_000, bytes(200_000), CLOSE)) as second:
                assert answer(second)[::2] == (400, b'"NO_ROOM"')
            assert ask(port, "POST", body=bytes(60_000))[2] == 60_000
            first.sendall(bytes(100_000))
            assert read_all(first).endswith(b"200000")
        assert ask(port, "POST", body=bytes(250_000))[2] == 250_000


def test_a_body_that_waited_for_room_is_read() -> None:
    """Room that is given back goes to whoever waits."""
    narrow = replace(DEFAULTS, bodies_bytes=300_000)
    begun, release = threading.Event(), threading.Event()

    def slow(request: HttpRequest) -> HttpResponse:
        if request.path == "/":
            begun.set()
            assert release.wait(PATIENCE)
        return size(request)

    first = post(200_000, bytes(200_000), CLOSE)
    with serving(whole(slow), narrow) as port, connect(port, first) as one:
        assert begun.wait(PATIENCE)
        other = post(250_000, bytes(250_000), CLOSE).replace(b" / ", b" /other ")
        with connect(port, other) as waiting:
            assert ask(port, "POST", body=bytes(10))[2] == 10  # the server has seen the other one
            release.set()
            assert read_all(one).endswith(b"200000")
            assert read_all(waiting).endswith(b"250000")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n", 400),
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nhost: x\r\nx: " + b"a" * DEFAULTS.head_bytes, 431),
        (b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", 400),
    ],
    ids=["two lengths", "no length", "no HTTP", "a large header", "a bad chunk"],
)
def test_what_is_no_request_is_refused_in_our_words(sent: bytes, status: int) -> None:
    """The envelope, like every error; then the connection ends, and nothing behind it is read."""
    behind = b"GET /behind HTTP/1.1\r\nhost: x\r\n\r\n" if sent.endswith(b"\n") else b""
    asked: list[str] = []

    def admit(head: HttpRequest) -> Admitted:
        def admitted(_: bytes | Unread) -> HttpResponse:
            asked.append(head.path)
            return HttpResponse(200, ())

        return admitted

    with serving(admit) as port, connect(port, sent + behind) as client:
        found, headers, body = answer(client)
        assert (found, is_refusal(body)) == (status, True)
        assert b"x-request-id: req_" in headers
        assert ask(port, path="/next")[0] == 200
    assert asked == ["/next"]


def test_beyond_the_limit_of_connections_there_is_a_503() -> None:
    """It says when to come back; who has a connection keeps it; one that ends makes room."""
    with serving(whole(size), replace(DEFAULTS, connections=20)) as port, ExitStack() as opened:
        kept = [opened.enter_context(connect(port)) for _ in range(20)]
        request = post(0, b"", CLOSE)
        for _ in range(30):
            with connect(port) as refused_one:
                status, headers, body = answer(refused_one)
            assert (status, is_refusal(body)) == (503, True)
            assert b"retry-after: 1" in headers
        kept.pop().close()
        while True:  # when the server hears of it is up to the machine
            with connect(port, request) as client:
                if answer(client)[0] == 200:
                    break
        for client in kept:
            client.sendall(request)
            assert answer(client)[0] == 200


@pytest.mark.parametrize("streamed", [False, True])
def test_an_answer_that_nobody_reads_is_given_up(*, streamed: bool) -> None:
    """Its memory is free again, a stream's chunks are closed, and the others are served."""
    closed = threading.Event()

    def endless() -> Iterator[bytes]:
        try:
            while True:
                yield bytes(1_000_000)
        finally:
            closed.set()

    def unread(head: HttpRequest) -> HttpResponse:
        if head.path == "/v1/models":
            return size(head)
        return HttpResponse(200, (), chunks=endless()) if streamed else large(head)

    request = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    with serving(unread, HASTY) as port, connect(port, request) as client:
        assert closed.wait(PATIENCE if streamed else 0) == streamed
        with pytest.raises(ConnectionError):  # once the server has let go, it takes no more
            send_on(client)
        assert ask(port)[0] == 200


def test_answers_that_nobody_reads_have_a_limit_together() -> None:
    """Beyond it the client that has stood still for longest loses its answer."""
    narrow = replace(DEFAULTS, unread_bytes=LARGE * 3 // 2)
    request = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    with ExitStack() as opened:
        port = opened.enter_context(serving(whole(large), narrow))
        clients = [opened.enter_context(connect(port, request)) for _ in range(2)]
        sizes = [len(read_all(client)) for client in reversed(clients)]
    assert sizes[0] > LARGE


@pytest.mark.promise("18.13")
def test_head_has_the_headers_of_get_and_no_body() -> None:
    """Also its length; of a stream nothing is made."""

    made: list[bytes] = []

    def chunks() -> Iterator[bytes]:
        made.append(b"chunk")
        yield made[-1]

    def admit(head: HttpRequest) -> HttpResponse:
        return HttpResponse(200, (("x", "y"),), b"12345", chunks() if "s" in head.path else None)

    def headers(port: int, method: bytes, path: bytes) -> tuple[list[bytes], bytes]:
        request = b"%s %s HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n" % (method, path)
        with connect(port, request) as client:
            head, _, body = read_all(client).partition(b"\r\n\r\n")
        return sorted(x for x in head.split(b"\r\n") if not x.startswith(b"date")), body

    with serving(admit) as port:
        for path in (b"/a", b"/stream"):
            (got, body), (headed, none) = headers(port, b"GET", path), headers(port, b"HEAD", path)
            assert headed == got
            assert (body != b"", none) == (True, b"")
    assert made == [b"chunk"]
