"""Connections that another thread can end at any moment, whatever their reader is blocked in."""

import os
import selectors
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, InvalidStateError
from contextlib import contextmanager, suppress
from typing import Any

_SHORTEST_TIMEOUT = 0.001  # 0 would make the socket non-blocking


_Addresses = list[tuple[Any, ...]]


def _look_up(host: str, port: int) -> _Addresses:
    return list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))


class CannotConnect(OSError):
    """There is no connection, so nothing was sent; the text says why."""


class StoppableConnection:
    """One connection at a time, opened and read by one thread, stopped by any other, for good.

    Invariant: the handle, a second descriptor of the socket, belongs to this class alone: neither
    TLS nor http.client can take or close it. It is made, shut down and closed under the lock only,
    and connecting begins under that lock: so either `stop` finds the handle, or the reader finds
    `stopped` before anything is sent. A second `stop` finds nothing, or shuts down what is shut
    down already. Nothing ends a look-up of a host's name: it has a thread of its own, which `stop`
    and the time to connect leave to its end; whoever comes second, answer or stop, finds the future
    settled.
    """

    def __init__(
        self,
        connect_timeout: float,
        read_timeout: float,
        look_up: Callable[[str, int], _Addresses] = _look_up,
    ) -> None:
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._look_up = look_up
        self._lock = threading.Lock()
        self._found: Future[_Addresses] | None = None
        self._handle: socket.socket | None = None
        self._stopped = False

    @property
    def stopped(self) -> bool:
        with self._lock:
            return self._stopped

    def stop(self) -> None:
        """Wake the reader: what it waits for fails, or ends as if the peer had closed."""
        with self._lock:
            self._stopped = True
            if self._found is not None:
                self._found.cancel()
            if self._handle is not None:
                with suppress(OSError):
                    self._handle.shutdown(socket.SHUT_RDWR)

    @contextmanager
    def open(self, host: str, port: int, tls: ssl.SSLContext | None) -> Iterator[socket.socket]:
        """A connected socket, closed at the end; CannotConnect if none is there in time."""
        try:
            sock = self._connected(host, port, tls)
        except OSError as error:
            raise CannotConnect(error.strerror or str(error) or type(error).__name__) from error
        try:
            yield sock
        finally:
            sock.close()
            self._drop_handle()

    def _connected(self, host: str, port: int, tls: ssl.SSLContext | None) -> socket.socket:
        deadline = time.monotonic() + self._connect_timeout
        sock = self._connect(host, port, deadline)
        if tls is not None:
            sock.settimeout(max(_SHORTEST_TIMEOUT, deadline - time.monotonic()))
            try:
                sock = tls.wrap_socket(sock, server_hostname=host)
            except OSError:
                sock.close()
                self._drop_handle()
                raise
        sock.settimeout(self._read_timeout)
        return sock

    def _connect(self, host: str, port: int, deadline: float) -> socket.socket:
        """A connection to the first of the host's addresses that takes one."""
        error = OSError("the host has no address")
        for family, kind, protocol, _, address in self._addresses(host, port, deadline):
            sock = socket.socket(family, kind, protocol)
            try:
                self._begin(sock, address)
                _await_connected(sock, deadline)
            except OSError as failure:
                error = failure
                sock.close()
                self._drop_handle()
            else:
                return sock
        raise error

    def _addresses(self, host: str, port: int, deadline: float) -> _Addresses:
        """What the look-up finds, unless `stop` or the deadline comes first."""
        found: Future[_Addresses] = Future()
        with self._lock:
            if self._stopped:
                raise ConnectionAbortedError("stopped")
            self._found = found
        thread = threading.Thread(
            target=_settle, args=(found, self._look_up, host, port), name="look-up", daemon=True
        )
        thread.start()
        try:
            return found.result(max(0.0, deadline - time.monotonic()))
        except CancelledError:
            raise ConnectionAbortedError("stopped") from None
        except TimeoutError:
            found.cancel()
            raise TimeoutError("timed out") from None
        finally:
            if not found.cancelled():
                thread.join()

    def _begin(self, sock: socket.socket, address: tuple[object, ...]) -> None:
        """Start to connect, so that from here on `stop` ends it."""
        sock.settimeout(0)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            if self._stopped:
                raise ConnectionAbortedError("stopped")
            self._handle = sock.dup()
            with suppress(BlockingIOError):
                sock.connect(address)

    def _drop_handle(self) -> None:
        with self._lock:
            if self._handle is not None:
                self._handle.close()
                self._handle = None


def _settle(
    found: "Future[_Addresses]", look_up: Callable[[str, int], _Addresses], host: str, port: int
) -> None:
    with suppress(InvalidStateError):  # nobody waits for it any more
        try:
            found.set_result(look_up(host, port))
        except BaseException as error:  # noqa: BLE001  (a thread's edge: raised where it is read)
            found.set_exception(error)


def _await_connected(sock: socket.socket, deadline: float) -> None:
    with selectors.DefaultSelector() as selector:
        selector.register(sock, selectors.EVENT_WRITE)
        if not selector.select(max(0.0, deadline - time.monotonic())):
            raise TimeoutError("timed out")
    if error := sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
        raise OSError(error, os.strerror(error))
