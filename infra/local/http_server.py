"""The HTTP server: uvicorn around the front, on a socket that listens already."""

import socket
from collections.abc import Collection

import uvicorn

from infra.command_error import CommandError
from infra.local.cors import with_cors
from infra.local.front import Answer, front
from infra.local.proxy_event import STAGE

_IDLE = 75  # seconds that a connection is kept: longer than the SDKs keep theirs
_TO_END = 1  # second for the requests that are under way when the server is stopped


def http_server(answer: Answer, origins: Collection[str] = ()) -> uvicorn.Server:
    """The server; `serve(sockets=…)` runs it until `should_exit` is set. Pages of the `origins` may
    call it from a browser.
    """
    config = uvicorn.Config(
        with_cors(front(answer), origins),
        http="h11",
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
    )
    return uvicorn.Server(config)


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
        sock.listen(2048)
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
