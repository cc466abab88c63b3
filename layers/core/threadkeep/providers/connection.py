"""Connections that another thread can end at any moment, whatever their reader is blocked in."""

import os
import selectors
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_SHORTEST_TIMEOUT = 0.001  # 0 would make the socket non-blocking


class CannotConnect(OSError):
    """There is no connection, so nothing was sent; the text says why."""


class StoppableConnection:
    """One connection at a time, opened and read by one thread, stopped by any other, for good.

    Invariant: the handle, a second descriptor of the socket, belongs to this class alone: neither
    TLS nor http.client can take or close it. It is made, shut down and closed under the lock only,
    and connecting begins under that lock: so either `stop` finds the handle, or the reader finds
    `stopped` before anything is sent. A second `stop` finds nothing, or shuts down what is shut
    down already. Looking up a host's name is the one wait that can't be cut short.
    """

    def __init__(self, connect_timeout: float, read_timeout: float) -> None:
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._lock = threading.Lock()
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
        for family, kind, protocol, _, address in socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        ):
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


def _await_connected(sock: socket.socket, deadline: float) -> None:
    with selectors.DefaultSelector() as selector:
        selector.register(sock, selectors.EVENT_WRITE)
        if not selector.select(max(0.0, deadline - time.monotonic())):
            raise TimeoutError("timed out")
    if error := sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
        raise OSError(error, os.strerror(error))
