"""What a model server in a test answers: turns, each of which plays the answer to one request."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

_USAGE = {
    "prompt_tokens": 12,
    "completion_tokens": 5,
    "total_tokens": 17,
    "prompt_tokens_details": {"cached_tokens": 3},
    "completion_tokens_details": {"reasoning_tokens": 2},
}


@dataclass(frozen=True)
class Received:
    """A request as it came in."""

    path: str
    headers: Mapping[str, str]
    body: Any


class Answer(Protocol):
    """What a turn does with the request that it answers."""

    def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """Send the status and headers; what follows is sent in chunks."""

    def send(self, piece: bytes) -> None:
        """Send a piece of the body, or of the bare connection if nothing was begun."""

    def event(self, data: Any) -> None:
        """Send a server-sent event: JSON, or the text as it is."""

    def end(self) -> None:
        """End the body as HTTP wants it; without this the connection drops."""

    def wait(self) -> bool:
        """Until the server releases what stalls (True), is closed, or the client leaves."""


class Turn(Protocol):
    """How a request is answered."""

    def play(self, answer: Answer) -> None:
        """Send everything."""


Script = Turn | Sequence[Turn] | Callable[[Received], Turn]
_STREAM = {"Content-Type": "text/event-stream"}


def delta(finish_reason: str | None = None, **fields: Any) -> dict[str, Any]:
    """A chunk of a chat completion."""
    choice = {"index": 0, "delta": fields, "finish_reason": finish_reason}
    return {"object": "chat.completion.chunk", "model": "scripted", "choices": [choice]}


def call_delta(index: int, function: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    """A chunk with a piece of a function call."""
    return delta(tool_calls=[{"index": index, **fields, "function": function}])


def usage_chunk(usage: Mapping[str, Any]) -> dict[str, Any]:
    """The chunk after the last, which tells the usage."""
    return {"object": "chat.completion.chunk", "model": "scripted", "choices": [], "usage": usage}


def _cut(text: str, pieces: int) -> list[str]:
    size = -(-len(text) // pieces) or 1
    return [text[start : start + size] for start in range(0, len(text), size)]


@dataclass(frozen=True)
class Say:
    """An ordinary answer. `usage` None leaves the usage out, `finish_reason` None the reason."""

    text: str = "Hello from the model."
    pieces: int = 3
    finish_reason: str | None = "stop"
    usage: Mapping[str, Any] | None = field(default_factory=lambda: _USAGE)

    def play(self, answer: Answer) -> None:
        answer.begin(200, _STREAM)
        answer.event(delta(role="assistant", content=""))
        for piece in _cut(self.text, self.pieces):
            answer.event(delta(content=piece))
        self.finish(answer)

    def finish(self, answer: Answer) -> None:
        if self.finish_reason:
            answer.event(delta(self.finish_reason))
        if self.usage is not None:
            answer.event(usage_chunk(self.usage))
        answer.event("[DONE]")
        answer.end()


@dataclass(frozen=True)
class Call:
    """A turn that calls one function; `arguments` are sent as they are, in so many pieces."""

    name: str
    arguments: str = "{}"
    id: str = "call_1"
    pieces: int = 2

    def play(self, answer: Answer) -> None:
        Calls([self]).play(answer)


@dataclass(frozen=True)
class Calls:
    """A turn that calls several functions, after saying `text` if there is any."""

    calls: Sequence[Call]
    text: str = ""
    usage: Mapping[str, Any] | None = field(default_factory=lambda: _USAGE)

    def play(self, answer: Answer) -> None:
        answer.begin(200, _STREAM)
        answer.event(delta(role="assistant", content=None))
        if self.text:
            answer.event(delta(content=self.text))
        for index, call in enumerate(self.calls):
            function = {"name": call.name, "arguments": ""}
            answer.event(call_delta(index, function, id=call.id, type="function"))
            for piece in _cut(call.arguments, call.pieces):
                answer.event(call_delta(index, {"arguments": piece}))
        Say(finish_reason="tool_calls", usage=self.usage).finish(answer)


@dataclass(frozen=True)
class Stall:
    """Headers and perhaps a first piece, then nothing; once released, the rest.

    Without `headers` nothing at all is sent before the release.
    """

    first: str = ""
    rest: str = "Released."
    headers: bool = True

    def play(self, answer: Answer) -> None:
        if self.headers:
            self._begin(answer)
        if not answer.wait():
            return
        if not self.headers:
            self._begin(answer)
        answer.event(delta(content=self.rest))
        Say().finish(answer)

    def _begin(self, answer: Answer) -> None:
        answer.begin(200, _STREAM)
        if self.first:
            answer.event(delta(content=self.first))


@dataclass(frozen=True)
class Fault:
    """A whole answer that is no stream; `body` is text, or something to be sent as JSON."""

    status: int
    body: Any = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def play(self, answer: Answer) -> None:
        is_text = isinstance(self.body, str)
        content_type = "text/plain" if is_text else "application/json"
        answer.begin(self.status, {"Content-Type": content_type, **self.headers})
        answer.send((self.body if is_text else json.dumps(self.body)).encode())
        answer.end()


@dataclass(frozen=True)
class Drop:
    """Says some pieces, then the connection is gone; with None it is gone before any answer."""

    after_pieces: int | None = 1

    def play(self, answer: Answer) -> None:
        if self.after_pieces is None:
            return
        answer.begin(200, _STREAM)
        for number in range(self.after_pieces):
            answer.event(delta(content=f"piece {number} "))


@dataclass(frozen=True)
class Events:
    """A stream of exactly these events, ended cleanly, with or without `[DONE]`."""

    events: Sequence[Any]
    headers: Mapping[str, str] = field(default_factory=dict)

    def play(self, answer: Answer) -> None:
        answer.begin(200, {**_STREAM, **self.headers})
        for event in self.events:
            answer.event(event)
        answer.end()


@dataclass(frozen=True)
class Raw:
    """These bytes in place of an HTTP answer, then the connection is closed."""

    data: bytes

    def play(self, answer: Answer) -> None:
        answer.send(self.data)
