"""When a connection is ended, to the second: the protocol over a fake transport and clock."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from infra.local.http.connection import Connection, sweep
from infra.local.http.limits import DEFAULTS

REQUEST = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"


class Task:
    """Of a request, or a timer: neither ever comes to its end."""

    def add_done_callback(self, _: Any) -> None:
        pass

    def cancel(self) -> None:
        pass


class Loop:
    """Time as a value. Requests that come are not answered."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def time(self) -> float:
        return self.now

    def call_later(self, *_: Any) -> "Task":
        return Task()

    def create_task(self, coroutine: Any) -> "Task":
        coroutine.close()
        return Task()


@dataclass
class Transport:
    """Says what was written; `unread` is what the client has not taken."""

    written: bytes = b""
    unread: int = 0
    ended: list[str] = field(default_factory=list)

    def write(self, data: bytes) -> None:
        self.written += data

    def write_eof(self) -> None:
        self.ended.append("eof")

    def close(self) -> None:
        self.ended.append("closed")

    def abort(self) -> None:
        self.ended.append("aborted")

    def is_closing(self) -> bool:
        return bool(self.ended)

    def can_write_eof(self) -> bool:
        return True

    def get_write_buffer_size(self) -> int:
        return self.unread

    def get_extra_info(self, _: str) -> None:
        return None

    def pause_reading(self) -> None:
        """Nothing is read here."""

    resume_reading = pause_reading


async def unasked(scope: Any, receive: Any, send: Any) -> None:
    """The application: nothing gets there."""


class Client:
    """A connection, and the time that passes on it."""

    def __init__(self, loop: Loop, state: ServerState) -> None:
        self.loop = loop
        self.transport = Transport()
        config = uvicorn.Config(unasked, log_config=None, lifespan="off", ws="none")
        self.connection = Connection(
            DEFAULTS,
            lambda: None,
            config=config,
            server_state=state,
            app_state={},
            _loop=loop,
        )
        self.connection.connection_made(self.transport)

    def send(self, data: bytes) -> None:
        self.connection.data_received(data)

    def answer(self) -> None:
        async def send() -> None:
            for message in (
                {"type": "http.response.start", "status": 204, "headers": []},
                {"type": "http.response.body"},
            ):
                await self.connection.cycle.send(message)  # type: ignore[arg-type]

        asyncio.run(send())

    def after(self, seconds: float) -> list[str]:
        """How the connection has been ended, when so much time has passed."""
        self.loop.now += seconds
        sweep(self.connection.connections, DEFAULTS, self.loop.now)
        return self.transport.ended


@pytest.fixture
def client() -> Client:
    return Client(Loop(), ServerState())


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\n"])
def test_half_a_head_has_ten_seconds(client: Client, sent: bytes) -> None:
    """10 s without a byte are too many, a moment less is not; then it may read why for 2 s."""
    if sent:
        client.send(sent)
    assert client.after(10) == []
    assert client.after(0.1) == ["eof"]
    told = client.transport.written
    assert told.startswith(b"HTTP/1.1 408 ")
    client.send(REQUEST)  # too late, and not heard
    assert client.after(2) == ["eof"]
    assert client.transport.written == told
    assert client.after(0.1) == ["eof", "aborted"]


def test_a_slow_but_steady_head_has_a_minute(client: Client) -> None:
    """Each byte gives it 10 s more, up to 60 in all."""
    client.send(b"GET / HTTP/1.1\r\nx: ")
    for _ in range(6):
        assert client.after(10) == []
        client.send(b"x")
    assert client.after(0.1) == ["eof"]


def test_the_next_head_has_a_minute_of_its_own(client: Client) -> None:
    """Its time begins with its first byte, not with the connection."""
    for byte in REQUEST:
        assert client.after(2) == []
        client.send(bytes([byte]))
    assert client.after(600) == []  # the request is being answered
    assert client.transport.written == b""


def test_a_body_that_comes_after_the_answer_has_ten_seconds(client: Client) -> None:
    """Also where nobody reads it any more it must go on; afterwards the connection is as new."""
    head = b"OPTIONS / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\n"
    for rest in (b"23", b"2"):
        client.send(head)
        client.answer()
        client.send(b"1")
        assert client.after(10) == []
        client.send(rest)
        assert client.after(10) == []
    assert client.after(0.1) == ["closed"]


def test_an_unread_answer_has_a_minute(client: Client) -> None:
    """60 s in which nothing of it is taken; each bit that is taken gives it 60 more."""
    client.send(REQUEST)
    for unread in (5_000_000, 4_999_999):
        client.transport.unread = unread
        assert client.after(0) == []
        assert client.after(60) == []
    client.transport.unread = 5_000_000  # more was written
    assert client.after(0.1) == ["aborted"]


def test_an_answer_that_is_read_is_never_too_old(client: Client) -> None:
    """A stream may be as long as it likes."""
    client.send(REQUEST)
    for unread in (10, 0, 10, 0, 10):
        client.transport.unread = unread
        assert client.after(59) == []


def test_of_too_much_that_is_unread_the_stillest_goes() -> None:
    """As many are ended as it takes, and no more."""
    loop, state = Loop(), ServerState()
    clients = [Client(loop, state) for _ in range(4)]
    for client in clients:
        client.send(REQUEST)
        client.transport.unread = DEFAULTS.unread_bytes // 3
        client.after(1)
    assert [client.transport.ended for client in clients] == [["aborted"], [], [], []]


def test_beyond_the_limit_only_some_may_read_why() -> None:
    """The refused hold no more descriptors than a few: the others are closed at once."""
    loop, state = Loop(), ServerState()
    few = DEFAULTS.connections // 16
    clients = [Client(loop, state) for _ in range(DEFAULTS.connections + few + 1)]
    ended = [client.transport.ended for client in clients]
    assert ended[: DEFAULTS.connections] == [[]] * DEFAULTS.connections
    assert ended[DEFAULTS.connections :] == [["eof"]] * few + [["eof", "closed"]]
