"""A connection that nobody can hold for nothing: uvicorn's, with limits and our words for them.

uvicorn bounds how long a kept connection is idle; this adds what it leaves open. A look at each
connection once a second is all the timing there is: what it measures may be a second late.
"""

import sys
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from infra.gateway_responses import Refused
from infra.local.http import refusals
from infra.local.http.limits import Limits
from threadkeep.wire.errors import ErrorAnswer

_REFUSALS = {408: refusals.too_slow, 431: refusals.large_head}


class Connection(H11Protocol):
    """One client's connection, on the server's event loop.

    A request's head is awaited from its first byte on (on a new connection from the start), and
    must go on and end in time; so must the body of a request that was answered without it. From
    there to the answer the front looks after a request, and then uvicorn's timer does. An answer
    that is not read in time is given up.

    What is refused here is answered before the connection ends, and what still comes is thrown
    away: to close a socket with unread bytes in it would take the answer back.
    """

    def __init__(self, limits: Limits, say_full: Callable[[], None], **of_uvicorn: Any) -> None:
        super().__init__(**of_uvicorn)
        self._say_full = say_full
        now = self.loop.time()
        self._limits = limits
        self._heard = now  # when the last bytes came
        self._awaited_since: float | None = now  # from when on a request is awaited
        self._parting_since: float | None = None
        self.unread = 0  # bytes of answers that the client has not taken, at the last look
        self.unread_since = now  # when it last took some, or there were none

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        over = len(self.connections) - self._limits.connections
        if over > 0:
            self._say_full()
            self._part(refusals.overloaded)
        if over > self._limits.connections // 16:  # those before are given time to read why
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        if self._parting_since is not None:
            return
        self._heard = self.loop.time()
        super().data_received(data)
        self._await_request()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._await_request()

    def send_400_response(self, _: str) -> None:
        """Called where h11's error is handled, which knows a better status for some."""
        status = getattr(sys.exc_info()[1], "error_status_hint", 400)
        self._part(_REFUSALS.get(status, refusals.not_http))

    def look(self, now: float) -> None:
        """End what takes too long."""
        size = self.transport.get_write_buffer_size()
        if not size or size < self.unread:
            self.unread_since = now
        self.unread = size
        if size and now - self.unread_since > self._limits.unread:
            self.transport.abort()
        elif self._parting_since is not None:
            if now - self._parting_since > self._limits.parting:
                self.transport.abort()
        elif self._awaited_since is not None and (
            now - self._heard > self._limits.progress
            or now - self._awaited_since > self._limits.head
        ):
            self._part(refusals.too_slow)

    def _await_request(self) -> None:
        half = self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]
        answered = self.cycle is None or self.cycle.response_complete
        if not answered or (self.timeout_keep_alive_task and not half):
            self._awaited_since = None
        elif self._awaited_since is None:
            self._awaited_since = self._heard

    def _part(self, answer_to: Callable[[Refused], ErrorAnswer]) -> None:
        """Answer, unless an answer has begun, and end the connection with the client, or soon."""
        self._parting_since = self.loop.time()
        self._unset_keepalive_if_required()
        self.flow.resume_reading()
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.close()
            return
        self.transport.write(self._refusal(answer_to))
        if self.transport.can_write_eof():
            self.transport.write_eof()

    def _refusal(self, answer_to: Callable[[Refused], ErrorAnswer]) -> bytes:
        id_ = f"req_{uuid4().hex}"
        response = refusals.response(answer_to(Refused(id_, "", "")), id_)
        headers = {**dict(response.headers), "content-length": str(len(response.body))}
        start = h11.Response(
            status_code=response.status,
            headers=list({**headers, "connection": "close"}.items()),
            reason=HTTPStatus(response.status).phrase,
        )
        events = (start, h11.Data(data=response.body), h11.EndOfMessage())
        return b"".join(self.conn.send(event) for event in events)


def sweep(connections: Iterable[Any], limits: Limits, now: float) -> None:
    """Look at every connection. If too much is unread, those go that took nothing for longest."""
    looked_at = list(connections)
    for connection in looked_at:
        connection.look(now)
    unread = sum(connection.unread for connection in looked_at)
    for connection in sorted(looked_at, key=lambda connection: connection.unread_since):
        if unread <= limits.unread_bytes:
            return
        unread -= connection.unread
        connection.transport.abort()
