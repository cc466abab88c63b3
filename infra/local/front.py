"""The HTTP front: plain ASGI. The event loop only moves bytes; every request has a daemon thread.

There is no pool: a request that is slow, or never ends, takes nothing that another one needs. A
client that leaves changes nothing: its request runs to its end, and the answer goes nowhere.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import suppress
from typing import Any, TypeVar

from infra.local.proxy_event import HttpRequest, HttpResponse
from threadkeep.wire.validation import MAX_BODY_BYTES

T = TypeVar("T")
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
            response = await _in_a_thread(lambda: answer(_request(scope, body)))
            if response.chunks is None:
                await _send(response, send)
            else:
                await _stream(response, response.chunks, receive, send)

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


async def _in_a_thread(work: Callable[[], T]) -> T:
    """Do `work` in a thread of its own. It may still be running when the loop has closed."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if done.done():
            return
        if error:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]  # there is one, or an error

    def run() -> None:
        result, error = None, None
        try:
            result = work()
        except BaseException as raised:  # noqa: BLE001  (a thread's edge: raised where it is awaited)
            error = raised
        with suppress(RuntimeError):  # the server has stopped: nobody waits any more
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=run, name="request", daemon=True).start()
    return await done


async def _stream(
    response: HttpResponse, chunks: Iterator[bytes], receive: Receive, send: Send
) -> None:
    """Send the chunks as they are made, until their end or until the client has left."""
    loop = asyncio.get_running_loop()
    gone = threading.Event()

    def pump() -> None:
        for chunk in chunks:
            if gone.is_set():
                return
            body = {"type": "http.response.body", "body": chunk, "more_body": True}
            asyncio.run_coroutine_threadsafe(_give(send, body), loop).result()

    async def leave() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        gone.set()

    await send(_start(response))
    leaving = asyncio.ensure_future(leave())
    try:
        with suppress(Exception):  # a stream that broke ends: its headers have long been sent
            await _in_a_thread(pump)
        await send({"type": "http.response.body", "body": b""})
    finally:
        leaving.cancel()


async def _give(send: Send, message: Message) -> None:
    await send(message)


async def _send(response: HttpResponse, send: Send) -> None:
    length = ("content-length", str(len(response.body)))
    await send(_start(response, length))
    await send({"type": "http.response.body", "body": response.body})


def _start(response: HttpResponse, *more: tuple[str, str]) -> Message:
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in (*response.headers, *more)
    ]
    return {"type": "http.response.start", "status": response.status, "headers": headers}
