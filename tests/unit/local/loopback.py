"""The real HTTP server on a real socket, in front of whatever answers."""

import asyncio
import http.client
import json
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from infra.local.aws.proxy_event import HttpRequest, HttpResponse
from infra.local.http.bodies import Unread
from infra.local.http.front import Admit, Admitted
from infra.local.http.http_server import http_server, listen
from infra.local.http.limits import DEFAULTS, Limits

PATIENCE = 10  # seconds after which something is stuck: no test is fast or slow by it


def whole(answer: Callable[[HttpRequest], HttpResponse]) -> Admit:
    """Admits every request, and answers it with its body; what was not read is refused."""

    def admit(head: HttpRequest) -> Admitted:
        def admitted(body: bytes | Unread) -> HttpResponse:
            if isinstance(body, Unread):
                return HttpResponse(400, (), json.dumps(body.name).encode())
            return answer(replace(head, body=body))

        return admitted

    return admit


@contextmanager
def serving(
    admit: Admit, limits: Limits = DEFAULTS, origins: Collection[str] = ()
) -> Iterator[int]:
    """The port of a server that runs as long as the context."""
    server = http_server(admit, limits, origins)
    sock = listen("127.0.0.1", 0)
    port: int = sock.getsockname()[1]
    loop = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[sock])))
    loop.start()
    try:
        yield port
    finally:
        server.should_exit = True
        loop.join()


def ask(
    port: int, method: str = "GET", path: str = "/v1/models", body: bytes | None = None
) -> tuple[int, dict[str, str], Any]:
    """Status, headers and the JSON of one request's answer, over a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request(method, path, body, {"authorization": "Bearer sk-good"})
        response = connection.getresponse()
        text = response.read()
        return response.status, dict(response.getheaders()), json.loads(text) if text else None
    finally:
        connection.close()
