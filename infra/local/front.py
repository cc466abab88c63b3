"""The HTTP front: plain ASGI. The event loop only moves bytes; every request has a daemon thread.

There is no pool: a request that is slow, or never ends, takes nothing that another one needs. A
client that leaves changes nothing: its request runs to its end, and the answer goes nowhere.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any

from infra.local.proxy_event import HttpRequest, HttpResponse
from threadkeep.wire.validation import MAX_BODY_BYTES

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Answer = Callable[[HttpRequest], HttpResponse]


def front(answer: Answer) -> App:
    """The ASGI application that hands each request to `answer`."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        body = await _body(receive)
        if body is not None:
            await _send(await _in_a_thread(answer, _request(scope, body)), send)

    return app


async def _body(receive: Receive) -> bytes | None:
    """The body, or None if the client left before its end.

    It is read to its end: a client that is still sending would not see a refusal. But no more is
    kept of it than shows that it is too large.
    """
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")[: MAX_BODY_BYTES + 1 - len(body)]
        more = message.get("more_body", False)
    return bytes(body)


def _request(scope: Scope, body: bytes) -> HttpRequest:
    return HttpRequest(
        method=scope["method"],
        path=scope["raw_path"].decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in scope["headers"]),
        body=body,
        source_ip=(scope.get("client") or ("127.0.0.1", 0))[0],
    )


async def _in_a_thread(answer: Answer, request: HttpRequest) -> HttpResponse:
    """Run `answer` in a thread of its own. It may still be running when the loop has closed."""
    loop = asyncio.get_running_loop()
    answered: asyncio.Future[HttpResponse] = loop.create_future()

    def settle(response: HttpResponse) -> None:
        if not answered.done():
            answered.set_result(response)

    def work() -> None:
        response = answer(request)
        with suppress(RuntimeError):  # the server has stopped: nobody waits any more
            loop.call_soon_threadsafe(settle, response)

    threading.Thread(target=work, name=request.id, daemon=True).start()
    return await answered


async def _send(response: HttpResponse, send: Send) -> None:
    headers = [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in response.headers]
    headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})
