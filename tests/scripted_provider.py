"""A fake at the model port: answers what a test scripts, and stalls until it is stopped."""

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from threadkeep.domain.runs import Usage
from threadkeep.providers.port import (
    CallArguments,
    CallBegan,
    ChatRequest,
    Chunk,
    Finished,
    Text,
)

USAGE = Usage(prompt_tokens=12, completion_tokens=5)
WEATHER = {"type": "function", "function": {"name": "get_weather", "parameters": {}}}
CLOCK = {"type": "function", "function": {"name": "get_time"}}
# Calls of these: (call id, name, arguments)
ONE = ("call_1", "get_weather", '{"city": "Bern"}')
TWO = ("call_2", "get_time", "{}")


@dataclass(frozen=True)
class Stall:
    """Say nothing more until stopped."""


Script = Iterable[Chunk | Stall]


def says(*pieces: str) -> Script:
    """An ordinary answer."""
    return [*map(Text, pieces), Finished("stop", USAGE)]


def calls(*made: tuple[str, str, str], before: str = "") -> Script:
    """A turn that calls functions: (call id, name, arguments)."""
    script: list[Chunk | Stall] = [Text(before)] if before else []
    for index, (id_, name, arguments) in enumerate(made):
        script.append(CallBegan(index, id_, name))
        script += [CallArguments(index, piece) for piece in (arguments[:3], arguments[3:])]
    return [*script, Finished("stop", USAGE)]


@dataclass
class ScriptedProvider:
    """Answers every turn with `script`; `requests` are those it was sent."""

    script: Script = field(default_factory=lambda: says("Hello", " there"))
    requests: list[ChatRequest] = field(default_factory=list)

    def start(self, request: ChatRequest) -> "ScriptedCall":
        return ScriptedCall(self, request)


class ScriptedCall:
    """A turn of a `ScriptedProvider`."""

    def __init__(self, provider: ScriptedProvider, request: ChatRequest) -> None:
        self._provider = provider
        self._request = request
        self._stopped = threading.Event()

    def __iter__(self) -> Iterator[Chunk]:
        self._provider.requests.append(self._request)
        for chunk in self._provider.script:
            if isinstance(chunk, Stall):
                self._stopped.wait()
            if self._stopped.is_set():
                return
            if not isinstance(chunk, Stall):
                yield chunk

    def stop(self) -> None:
        self._stopped.set()
