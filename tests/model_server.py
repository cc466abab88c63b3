"""A model server for tests: Chat Completions over real HTTP on loopback, answering from a script.

    with ModelServer([Say("Hello"), Fault(429)]) as server:
        provider = OpenAIChat(server.base_url)

A script is one turn (the answer to every request), a list of turns (one a request, in order; any
further request is answered 500), or a function from the request to its turn.
"""

import json
import selectors
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from types import TracebackType
from typing import Any, Self

from tests.model_turns import Fault, Received, Say, Script, Turn

_PATIENCE = 20.0  # real seconds until a wait for what never comes fails its test


class ModelServer:
    """Invariant: every connection has a thread, and `close` ends both, also while a turn stalls.

    `requests` grows under the condition that `wait_for_requests` waits on, before the turn is
    played. What stalls waits on its connection and on a bell; `release` and `close` ring
    it for good, so nobody can begin to wait too late to hear it.
    """

    def __init__(self, script: Script | None = None, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Received] = []
        self.connections = 0
        self.departures = 0
        self.released = False
        self.script_error: BaseException | None = None
        self._script = Say() if script is None else script
        self._changed = threading.Condition()
        self._bell, self._bell_rope = socket.socketpair()
        self._server = _Server(self)
        if tls:
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.base_url = f"http{'s' if tls else ''}://127.0.0.1:{self._server.server_port}/v1"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def wait_for_requests(self, number: int = 1) -> list[Received]:
        """Until so many requests have come; those that have."""
        self._wait(lambda: len(self.requests) >= number, f"{number} requests")
        return list(self.requests)

    def wait_for_departures(self, number: int = 1) -> None:
        """Until so many clients have left a turn that stalled."""
        self._wait(lambda: self.departures >= number, f"{number} departures")

    def release(self) -> None:
        """Let everything that stalls, now or later, go on."""
        self.released = True
        self._ring()

    def close(self) -> None:
        """End everything. Raises what the script raised, if it did."""
        if not self._thread.is_alive():
            return
        self._server.shutdown()
        self._thread.join()
        self._ring()
        self._server.end_connections()
        self._server.server_close()
        self._bell.close()
        self._bell_rope.close()
        if self.script_error:
            raise self.script_error

    def turn_for(self, received: Received) -> Turn:
        """Note the request, and say how it is answered."""
        with self._changed:
            number = len(self.requests)
            self.requests.append(received)
            self._changed.notify_all()
        if isinstance(self._script, Sequence):
            unscripted = Fault(500, {"error": {"message": "the script has no turn for this"}})
            return self._script[number] if number < len(self._script) else unscripted
        return self._script(received) if callable(self._script) else self._script

    def wait_on(self, connection: socket.socket) -> bool:
        """As `Answer.wait`."""
        with selectors.DefaultSelector() as selector:
            selector.register(connection, selectors.EVENT_READ)
            selector.register(self._bell, selectors.EVENT_READ)
            heard = [key.fileobj for key, _ in selector.select()]
        if self._bell in heard:
            return self.released
        with self._changed:
            self.departures += 1
            self._changed.notify_all()
        return False

    def _ring(self) -> None:
        self._bell_rope.send(b"!")

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, _PATIENCE), f"waited in vain for {what}"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, owner: ModelServer) -> None:
        self.owner = owner
        self._open: dict[socket.socket, threading.Thread] = {}
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), _Handler)

    def server_bind(self) -> None:
        """Without the look-up of our own name, which can take seconds."""
        TCPServer.server_bind(self)
        self.server_port = self.socket.getsockname()[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        """Known before its thread runs: once the accepting has ended, no connection is missed."""
        thread = threading.Thread(
            target=self.process_request_thread, args=(request, client_address), daemon=True
        )
        with self._lock:
            self.owner.connections += 1
            self._open[request] = thread
        thread.start()

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.pop(request, None)
            super().shutdown_request(request)

    def handle_error(self, _request: Any, _client_address: Any) -> None:
        """Connections end in every possible way here: that is tested. A wrong script is not."""
        error = sys.exception()
        if not isinstance(error, OSError):
            self.owner.script_error = error

    def end_connections(self) -> None:
        with self._lock:
            threads = list(self._open.values())
            for connection in self._open:
                with suppress(OSError):
                    socket.socket.shutdown(connection, socket.SHUT_RDWR)
        for thread in threads:
            thread.join(_PATIENCE)


class _Handler(BaseHTTPRequestHandler):
    """Plays the turns on one connection. It is the turns' `Answer`."""

    protocol_version = "HTTP/1.1"
    server: _Server
    _chunked = False

    def do_POST(self) -> None:
        size = int(self.headers["Content-Length"])
        body = self.rfile.read(size)
        if len(body) < size:
            raise ConnectionAbortedError("the client left while it asked")
        received = Received(self.path, dict(self.headers), json.loads(body))
        self.close_connection = True
        self.server.owner.turn_for(received).play(self)

    def begin(self, status: int, headers: Mapping[str, str]) -> None:
        self._chunked = True
        self.send_response(status)
        for name, value in {**headers, "Transfer-Encoding": "chunked"}.items():
            self.send_header(name, value)
        self.end_headers()

    def send(self, piece: bytes) -> None:
        if self._chunked and piece:
            piece = b"%x\r\n%s\r\n" % (len(piece), piece)
        self.wfile.write(piece)

    def event(self, data: Any) -> None:
        text = data if isinstance(data, str) else json.dumps(data)
        self.send(f"data: {text}\n\n".encode())

    def end(self) -> None:
        self.wfile.write(b"0\r\n\r\n")

    def wait(self) -> bool:
        return self.server.owner.wait_on(self.connection)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (the base class's name)
        """Tests are quiet."""
