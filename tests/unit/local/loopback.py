"""The real HTTP server on a real socket, in front of whatever answers."""

import asyncio
import http.client
import json
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from infra.local.front import Answer
from infra.local.http_server import http_server, listen

PATIENCE = 10  # seconds after which something is stuck: no test is fast or slow by it


@contextmanager
def serving(answer: Answer, origins: Collection[str] = ()) -> Iterator[int]:
    """The port of a server that runs as long as the context."""
    server = http_server(answer, origins)
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
