"""The HTTP server: uvicorn around the front, on a socket that listens already."""

import asyncio
import logging
import socket
from collections.abc import Collection
from functools import cache, partial
from typing import Any

import uvicorn

from infra.command_error import CommandError
from infra.local.aws.proxy_event import STAGE
from infra.local.http.connection import Connection, sweep
from infra.local.http.cors import with_cors
from infra.local.http.front import Admit, front
from infra.local.http.limits import DEFAULTS, Limits

_LOG = logging.getLogger("threadkeep.requests")
_IDLE = 75  # seconds that a connection is kept: longer than the SDKs keep theirs
_TO_END = 1  # second for the requests that are under way when the server is stopped
_WAITING = 2_048  # connections that are not accepted yet
_TICKS = 10  # of uvicorn's main loop, which are a second


class _Server(uvicorn.Server):
    """uvicorn's, that looks after its connections."""

    def __init__(self, config: uvicorn.Config, limits: Limits) -> None:
        super().__init__(config)
        self._limits = limits

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        # asyncio takes one number for how many may wait in the system and how many are accepted
        # in one go. Only the second one costs descriptors.
        for sock in sockets or ():
            sock.listen(_WAITING)

    async def on_tick(self, counter: int) -> bool:
        if counter % _TICKS == 0:
            now = asyncio.get_running_loop().time()
            sweep(self.server_state.connections, self._limits, now)
        return await super().on_tick(counter)


def http_server(
    admit: Admit, limits: Limits = DEFAULTS, origins: Collection[str] = ()
) -> uvicorn.Server:
    """The server; `serve(sockets=…)` runs it until `should_exit` is set. Pages of the `origins` may
    call it from a browser.
    """

    @cache  # one line must do: whoever takes all connections would fill the log, too
    def say_full() -> None:
        _LOG.warning("all %s connections are taken; others get a 503", limits.connections)

    protocol: Any = partial(Connection, limits, say_full)
    config = uvicorn.Config(
        with_cors(front(admit, limits), origins),
        http=protocol,
        ws="none",
        loop="asyncio",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=_IDLE,
        timeout_graceful_shutdown=_TO_END,
        h11_max_incomplete_event_size=limits.head_bytes,
        backlog=limits.connections // 4 or 1,  # are accepted before the first is looked at
    )
    return _Server(config, limits)


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens already, so that a port in use is known before anything is begun."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        # Without the protocol's number asyncio leaves Nagle's algorithm on: 40 ms on each request.
        sock = socket.socket(family, kind, socket.IPPROTO_TCP)
    except (OSError, UnicodeError) as error:
        raise CommandError(f"Can't listen on host {host!r}: {reason(error)}.") from None
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(_WAITING)
    except OSError as error:
        sock.close()
        hint = "; choose another one with --port (0 picks a free one)"
        raise CommandError(f"Can't listen on {host}:{port}: {reason(error)}{hint}.") from None
    return sock


def url(host: str, port: int) -> str:
    """The base URL to give to an SDK on this machine."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104
    bracketed = f"[{reachable}]" if ":" in reachable else reachable
    return f"http://{bracketed}:{port}/{STAGE}"


def reason(error: Exception) -> str:
    """Why, in the system's words."""
    return (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
