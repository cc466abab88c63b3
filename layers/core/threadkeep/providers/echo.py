"""A model for first use, with no account and no key: it answers with the last user message."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass

from threadkeep.domain.chat import UserMessage
from threadkeep.domain.content import text_of
from threadkeep.domain.context import text_in, tokens
from threadkeep.domain.runs import Usage
from threadkeep.providers.port import ChatRequest, Chunk, Finished, Text

_PIECES = 4


class EchoCall:
    """A turn of the echo. `stop` may come at any time: what is not yet out is never said."""

    def __init__(self, request: ChatRequest) -> None:
        self._request = request
        self._stopped = threading.Event()

    def __iter__(self) -> Iterator[Chunk]:
        for chunk in self._chunks():
            if self._stopped.is_set():
                return
            yield chunk

    def stop(self) -> None:
        self._stopped.set()

    def _chunks(self) -> Iterator[Chunk]:
        messages = self._request.messages
        said = [text_of(each.content) for each in messages if isinstance(each, UserMessage)]
        answer = said[-1] if said else ""
        size = -(-len(answer) // _PIECES) or 1
        for start in range(0, len(answer), size):
            yield Text(answer[start : start + size])
        asked = sum(tokens(text_in(message)) for message in messages)
        yield Finished("stop", Usage(prompt_tokens=asked, completion_tokens=tokens(answer)))


@dataclass(frozen=True)
class Echo:
    """The provider `echo`."""

    def start(self, request: ChatRequest) -> EchoCall:
        return EchoCall(request)
