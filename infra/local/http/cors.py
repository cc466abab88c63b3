"""CORS on one machine: around all else, so that no answer goes out without its headers."""

from collections.abc import Collection, Mapping
from uuid import uuid4

from infra.local.http.bodies import AsgiMessage, Receive
from infra.local.http.front import App, Scope, Send
from threadkeep.wire import cors
from threadkeep.wire.headers import OPENAI_VERSION


def with_cors(app: App, origins: Collection[str]) -> App:
    """Answers what `app` does, readable for pages of these origins; and their preflights, on every
    path and without a key.
    """

    async def answered(scope: Scope, receive: Receive, send: Send) -> None:
        origin = _header(scope, b"origin")
        if scope["method"] == "OPTIONS":
            wanted = _header(scope, b"access-control-request-headers")
            await _preflight(cors.on_preflight(origins, origin, wanted), send)
            return
        more = _raw(cors.on_answer(origins, origin))

        async def send_readable(message: AsgiMessage) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *more]}
            await send(message)

        await app(scope, receive, send_readable)

    return answered if origins else app


async def _preflight(headers: Mapping[str, str], send: Send) -> None:
    own = {"x-request-id": f"req_{uuid4().hex}", "openai-version": OPENAI_VERSION}
    start = {"type": "http.response.start", "status": 204, "headers": _raw({**own, **headers})}
    await send(start)
    await send({"type": "http.response.body", "body": b""})


def _header(scope: Scope, name: bytes) -> str | None:
    """The header's value; the server has made names lower case."""
    values = [value.decode("latin-1") for key, value in scope["headers"] if key == name]
    return values[-1] if values else None


def _raw(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
