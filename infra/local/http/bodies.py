"""Bodies on their way in: nothing is read before somebody asks, and nothing without a limit.

All of it runs on one event loop, so between two `await`s nobody else changes anything.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from enum import Enum
from typing import Any

from infra.local.aws.proxy_event import HttpRequest
from infra.local.http.limits import Limits
from threadkeep.wire.validation import MAX_BODY_BYTES

AsgiMessage = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[AsgiMessage]]


class Unread(Enum):
    """Why a body was not read to its end."""

    TOO_LARGE = "over the limit"
    TOO_SLOW = "out of time"
    NO_ROOM = "too many at once"


class ClientLeft(Exception):
    """The client is gone: there is nobody to answer."""


class Room:
    """Memory for bodies, in bytes. Who asks first is given room first, and waits for it."""

    def __init__(self, size: int) -> None:
        self._free = size
        self._turn = asyncio.Lock()  # held by whoever waits longest
        self._given = asyncio.Event()

    async def take(self, size: int, patience: float) -> bool:
        """Whether there was room within `patience` seconds. It is to be given back."""
        try:
            async with asyncio.timeout(patience), self._turn:
                while self._free < size:
                    self._given.clear()
                    await self._given.wait()
                self._free -= size
        except TimeoutError:
            return False
        return True

    def give(self, size: int) -> None:
        self._free += size
        self._given.set()


class IncomingBody:
    """The body of one request. Read it, skip it, or leave it; `ended` tells what is left."""

    def __init__(self, head: HttpRequest, receive: Receive, limits: Limits) -> None:
        self._receive = receive
        self._limits = limits
        self._sending = head.header("expect") is None
        length = head.header("content-length")
        if head.header("transfer-encoding"):
            length = str(MAX_BODY_BYTES)  # its end will tell
        self.size = min(int(length or 0), MAX_BODY_BYTES)  # the most that is kept of it
        self.ended = self.size == 0

    async def read(self) -> bytes | Unread:
        """The whole body, or why not; ClientLeft if the client did before its end."""
        body = bytearray()
        try:
            async with asyncio.timeout(self._limits.body):
                while not self.ended:
                    body += await self._next()
                    if len(body) > MAX_BODY_BYTES:
                        return Unread.TOO_LARGE
        except TimeoutError:
            self._sending = False
            return Unread.TOO_SLOW
        return bytes(body)

    async def skip(self) -> None:
        """Read what is left, and keep nothing of it: a client that is still sending would not see
        its refusal. One that asked first whether to send, or was too slow, is not waited for.
        """
        size = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(self._limits.skip):
                while self._sending and not self.ended and size <= self._limits.skipped_bytes:
                    size += len(await self._next())

    async def _next(self) -> bytes:
        self._sending = True  # to receive is to send `100 Continue`, if the client waits for it
        async with asyncio.timeout(self._limits.progress):
            message = await self._receive()
        if message["type"] == "http.disconnect":
            raise ClientLeft
        self.ended = not message.get("more_body", False)
        piece: bytes = message.get("body", b"")
        return piece
