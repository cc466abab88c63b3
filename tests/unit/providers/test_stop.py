"""Stopping a call: whatever the reader is blocked in, it ends at once, and silently.

Readers run in a thread; a stop that does not wake them fails the join. Nothing waits by time.
"""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from tests.model_server import ModelServer
from tests.model_turns import Say, Stall
from tests.unit.providers.turns import PATIENCE, Reader, request
from threadkeep.providers.connection import CannotConnect, StoppableConnection
from threadkeep.providers.echo import Echo
from threadkeep.providers.openai_chat import OpenAIChat
from threadkeep.providers.port import Failed, Text


@contextmanager
def deaf_listener() -> Iterator[socket.socket]:
    """Takes connections, never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


@contextmanager
def full_listener() -> Iterator[tuple[str, int]]:
    """An address where a further connection is neither taken nor refused."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        with socket.create_connection(address), socket.socket() as second:
            second.setblocking(False)
            second.connect_ex(address)
            yield address


@pytest.mark.parametrize("first", ["", "So "])
@pytest.mark.parametrize("headers", [False, True])
def test_stop_wakes_a_reader_whose_model_is_stalled(*, first: str, headers: bool) -> None:
    """Before any answer, after the headers, after the first words: the iteration ends at once."""
    with ModelServer(Stall(first=first, headers=headers)) as server:
        call = OpenAIChat(server.base_url).start(request())
        reader = Reader(call)
        server.wait_for_requests()
        if headers and first:
            assert reader.next() == Text(first)
        call.stop()
        assert reader.rest() == []
        server.wait_for_departures()


@pytest.mark.usefixtures("trusted")
def test_stop_wakes_a_stalled_reader_through_tls(server_tls: ssl.SSLContext) -> None:
    """The same over https."""
    with ModelServer(Stall(first="So "), tls=server_tls) as server:
        call = OpenAIChat(server.base_url).start(request())
        reader = Reader(call)
        assert reader.next() == Text("So ")
        call.stop()
        assert reader.rest() == []
        server.wait_for_departures()


def test_stop_wakes_a_reader_in_the_handshake_of_tls() -> None:
    """A server that never answers the first message of the handshake holds up nothing."""
    with deaf_listener() as listener:
        port = listener.getsockname()[1]
        call = OpenAIChat(f"https://127.0.0.1:{port}").start(request())
        reader = Reader(call)
        connection, _ = listener.accept()
        with connection:
            assert connection.recv(1)
            call.stop()
            assert reader.rest() == []


def test_stop_wakes_a_reader_that_is_still_connecting() -> None:
    """A host that takes no connection and refuses none holds up nothing."""
    began = threading.Event()

    class Announcing(StoppableConnection):
        def _begin(self, sock: socket.socket, address: tuple[object, ...]) -> None:
            super()._begin(sock, address)
            began.set()

    connection = Announcing(connect_timeout=PATIENCE * 2, read_timeout=PATIENCE)
    ended = threading.Event()

    def connect(address: tuple[str, int]) -> None:
        with pytest.raises(CannotConnect), connection.open(*address, None):
            pass
        ended.set()

    with full_listener() as address:
        thread = threading.Thread(target=connect, args=(address,), daemon=True)
        thread.start()
        assert began.wait(PATIENCE)
        assert not ended.is_set()
        connection.stop()
        assert ended.wait(PATIENCE)
        thread.join()


class NoAnswer:
    """A look-up that hangs until the test ends."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self.release = threading.Event()

    def __call__(self, _host: str, _port: int) -> list[tuple[object, ...]]:
        self.thread = threading.current_thread()
        self.began.set()
        self.release.wait()
        raise socket.gaierror(socket.EAI_AGAIN, "too late")


@pytest.fixture
def hanging() -> Iterator[NoAnswer]:
    look_up = NoAnswer()
    yield look_up
    look_up.release.set()
    assert look_up.began.wait(PATIENCE)
    look_up.thread.join(PATIENCE)


def test_stop_wakes_a_reader_that_looks_up_a_name(hanging: NoAnswer) -> None:
    """A look-up can't be ended; nobody waits for it."""
    connection = StoppableConnection(PATIENCE * 2, PATIENCE, hanging)
    ended = threading.Event()

    def connect() -> None:
        with pytest.raises(CannotConnect), connection.open("example.com", 80, None):
            pass
        ended.set()

    thread = threading.Thread(target=connect, daemon=True)
    thread.start()
    assert hanging.began.wait(PATIENCE)
    connection.stop()
    assert ended.wait(PATIENCE)
    thread.join()
    assert not hanging.release.is_set()


def test_a_name_that_nobody_looks_up_fails_in_time(hanging: NoAnswer) -> None:
    """The time to connect covers the look-up."""
    connection = StoppableConnection(0.05, PATIENCE, hanging)
    with pytest.raises(CannotConnect, match="timed out"), connection.open("a.b", 80, None):
        pass


def test_a_name_that_is_not_known_says_so() -> None:
    """With the resolver's words; no thread is left behind."""
    threads = []

    def unknown(_host: str, _port: int) -> list[tuple[object, ...]]:
        threads.append(threading.current_thread())
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    connection = StoppableConnection(PATIENCE, PATIENCE, unknown)
    with pytest.raises(CannotConnect, match="not known"), connection.open("a.b", 80, None):
        pass
    assert not threads[0].is_alive()


@pytest.mark.parametrize("times", [1, 3])
def test_a_call_stopped_before_it_began_sends_nothing(times: int) -> None:
    """Not even a connection is made."""
    with ModelServer() as server:
        call = OpenAIChat(server.base_url).start(request())
        for _ in range(times):
            call.stop()
        assert list(call) == []
        assert server.requests == []
        assert server.connections == 0


def test_what_had_arrived_is_not_given_out_after_a_stop() -> None:
    """The iteration ends with the chunk before the stop, also if the whole answer is there."""
    with ModelServer(Say("abc")) as server:
        call = OpenAIChat(server.base_url).start(request())
        chunks = iter(call)
        assert next(chunks) == Text("a")
        call.stop()
        assert list(chunks) == []


def test_a_stop_after_the_end_is_nothing() -> None:
    """Whoever cleans up may always stop."""
    with ModelServer(Say("a", pieces=1)) as server:
        call = OpenAIChat(server.base_url).start(request())
        assert len(list(call)) == 2
        call.stop()


def test_a_stop_at_any_moment_ends_the_reader_without_a_failure() -> None:
    """Reader and stopper start together, 50 times; the reader never sees the stop as a failure."""
    with ModelServer(Say("abc")) as server:
        provider = OpenAIChat(server.base_url)
        for _ in range(50):
            call = provider.start(request())
            reader = Reader(call)
            call.stop()
            assert not [chunk for chunk in reader.rest() if isinstance(chunk, Failed)]


def test_the_echo_stops() -> None:
    """The built-in provider keeps the port's promise too."""
    call = Echo().start(request("abcdefgh"))
    chunks = iter(call)
    assert next(chunks) == Text("ab")
    call.stop()
    assert list(chunks) == []


@pytest.mark.usefixtures("trusted")
def test_a_turn_over_tls(server_tls: ssl.SSLContext) -> None:
    """https works, and no certificates are read before the first call."""
    with ModelServer(Say("abc"), tls=server_tls) as server:
        provider = OpenAIChat(server.base_url, "sk-1")
        call = provider.start(request())
        assert "tls" not in vars(provider)
        assert len(list(call)) == 4
        assert server.requests[0].headers["Authorization"] == "Bearer sk-1"


def test_a_certificate_that_nobody_vouches_for_is_refused(server_tls: ssl.SSLContext) -> None:
    """The key is not sent to whoever answers."""
    with ModelServer(tls=server_tls) as server:
        [failed] = OpenAIChat(server.base_url, "sk-1").start(request())
        assert server.requests == []
    assert isinstance(failed, Failed)
    assert failed.message.startswith("The model server can't be reached: ")
    assert "certificate verify failed" in failed.message
    assert not failed.passing


def test_a_host_that_takes_no_connection_fails_in_time() -> None:
    """The time to connect is bounded."""
    with full_listener() as (host, port):
        provider = OpenAIChat(f"http://{host}:{port}", connect_timeout=0.05)
        [failed] = provider.start(request())
    assert failed == Failed(
        "server_error", "The model server can't be reached: timed out", passing=True
    )


def test_a_silent_server_fails_in_time() -> None:
    """The time between two bytes is bounded."""
    with ModelServer(Stall(first="So ")) as server:
        chunks = list(OpenAIChat(server.base_url, read_timeout=0.05).start(request()))
    assert chunks == [
        Text("So "),
        Failed("server_error", "The model server kept silent for too long."),
    ]


def test_a_server_silent_from_the_start_may_pass() -> None:
    """Nothing has been said yet."""
    with ModelServer(Stall(headers=False)) as server:
        [failed] = OpenAIChat(server.base_url, read_timeout=0.05).start(request())
    assert failed == Failed(
        "server_error", "The model server kept silent for too long.", passing=True
    )


def test_an_error_whose_text_never_comes_fails_all_the_same() -> None:
    """The status alone is told."""
    with deaf_listener() as listener:
        port = listener.getsockname()[1]
        call = OpenAIChat(f"http://127.0.0.1:{port}", connect_timeout=0.05).start(request())
        reader = Reader(call)
        with closing(listener.accept()[0]) as connection:
            connection.sendall(b"HTTP/1.1 429 Slow\r\nContent-Length: 100\r\n\r\nslow")
            [failed] = reader.rest()
    message = "The model server answered with status 429: slow"
    assert failed == Failed("rate_limit_exceeded", message, passing=True)
