"""The HTTP front: plain ASGI. The event loop only moves bytes; every decision has a daemon thread.

There is no pool: a request that is slow, or never ends, takes nothing that another one needs. A
client that leaves changes nothing: its request runs to its end, and the answer goes nowhere.

A request is admitted by its head. Only then its body is read, and only if all bodies that are in
memory leave room for it.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

from infra.local.aws.proxy_event import HttpRequest, HttpResponse
from infra.local.http.bodies import AsgiMessage, ClientLeft, IncomingBody, Receive, Room, Unread
from infra.local.http.limits import Limits

T = TypeVar("T")
Scope = MutableMapping[str, Any]
Send = Callable[[AsgiMessage], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Admitted = Callable[[bytes | Unread], HttpResponse]  # answers a request, once its body is there
Admit = Callable[[HttpRequest], Admitted | HttpResponse]  # judges a request that has no body yet

_CLOSE = ("connection", "close")


def front(admit: Admit, limits: Limits) -> App:
    """The ASGI application that lets `admit` judge each request, and answer it."""
    room = Room(limits.bodies_bytes)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        head = _head(scope)
        body = IncomingBody(head, receive, limits)
        try:
            response = await _answer(admit, head, body, room, limits)
            await body.skip()
        except ClientLeft:
            return
        if not body.ended:  # what comes next on this connection is no request
            response = replace(response, headers=(*response.headers, _CLOSE))
        if response.chunks is not None and head.method == "HEAD":
            response = replace(response, chunks=iter(()))  # nobody would see them
        if response.chunks is None:
            await _send(response, send)
        else:
            await _stream(response, response.chunks, receive, send)

    return app


async def _answer(
    admit: Admit, head: HttpRequest, body: IncomingBody, room: Room, limits: Limits
) -> HttpResponse:
    """The answer; it may come before the body has."""
    if body.ended:
        return await _in_a_thread(lambda: answer(admit, head, b""))
    admitted = await _in_a_thread(lambda: admit(head))
    if isinstance(admitted, HttpResponse):
        return admitted
    size = body.size if body.size > limits.small_body_bytes else 0
    if size and not await room.take(size, limits.room):
        return await _in_a_thread(lambda: admitted(Unread.NO_ROOM))
    try:
        read = await body.read()
        return await _in_a_thread(lambda: admitted(read))
    finally:
        room.give(size)


def answer(admit: Admit, head: HttpRequest, body: bytes) -> HttpResponse:
    """The answer to a request that is there with its whole body."""
    admitted = admit(head)
    return admitted if isinstance(admitted, HttpResponse) else admitted(body)


def _head(scope: Scope) -> HttpRequest:
    return HttpRequest(
        method=scope["method"],
        path=scope["raw_path"].decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in scope["headers"]),
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


async def _give(send: Send, message: AsgiMessage) -> None:
    await send(message)


async def _send(response: HttpResponse, send: Send) -> None:
    length = ("content-length", str(len(response.body)))
    await send(_start(response, length))
    await send({"type": "http.response.body", "body": response.body})


def _start(response: HttpResponse, *more: tuple[str, str]) -> AsgiMessage:
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in (*response.headers, *more)
    ]
    return {"type": "http.response.start", "status": response.status, "headers": headers}
