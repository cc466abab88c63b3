"""The engine: turns the model's chunks into what happens to the run. Plain values in and out."""

import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from threadkeep.domain.run_state import COMPLETE, CUT, FAIL, RUN_OUT, STOP, Transition
from threadkeep.domain.runs import LastError, Usage
from threadkeep.domain.tool_calls import ToolCall
from threadkeep.execution.watch import Interrupted
from threadkeep.providers.characters import BROKEN
from threadkeep.providers.port import (
    MOST_CALLS,
    MOST_SAID,
    CallArguments,
    CallBegan,
    Chunk,
    Failed,
    Finished,
    Text,
)

# finish_reason → (why the run is incomplete, why its message is). Runs have no word for a filter.
_CUT_BY: dict[str, tuple[str | None, str]] = {
    "length": ("max_completion_tokens", "max_tokens"),
    "content_filter": (None, "content_filter"),
}
_LONGEST_NAME = 256
_TOO_LONG = f"The model's function calls have more than {MOST_SAID} bytes."
_BROKEN_OFF = LastError(code="server_error", message="The model's answer broke off.")


@dataclass(frozen=True)
class TextBegan:
    """The turn answers with text; none of it is said yet."""


@dataclass(frozen=True)
class Said:
    """A further piece of the text."""

    text: str


@dataclass(frozen=True)
class TextEnded:
    """The text is whole, and function calls follow."""

    text: str


@dataclass(frozen=True)
class CallsBegan:
    """The turn calls functions; none of the calls is made yet."""


@dataclass(frozen=True)
class CallsMade:
    """The turn ended with these calls: the run waits for their outputs."""

    calls: tuple[ToolCall, ...]
    usage: Usage | None = None


@dataclass(frozen=True)
class Ended:
    """The run ends by `transition`, with what the turn had come to: its text or its calls."""

    transition: Transition
    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    usage: Usage | None = None
    error: LastError | None = None
    incomplete_reason: str | None = None
    message_reason: str | None = None


@dataclass(frozen=True)
class Idle:
    """Nothing happened, but what has gathered is due."""


TurnEvent = (
    TextBegan | Said | TextEnded | CallsBegan | CallBegan | CallArguments | CallsMade | Ended | Idle
)


def run(chunks: Iterable[Chunk | Interrupted], *, parallel: bool) -> Iterator[TurnEvent]:
    """What happens to the run whose turn makes these chunks; ends with `CallsMade` or `Ended`.

    A call may name any function, also one that the run does not have: the app answers it. Without
    `parallel` a turn's first call is its only one. A turn that never ends is ended at `MOST_SAID`.
    """
    turn = Turn(parallel=parallel)
    for chunk in chunks:
        for event in turn.take(chunk):
            yield event
            if isinstance(event, CallsMade | Ended):
                return
    yield turn.end(FAIL, error=_BROKEN_OFF)


@dataclass
class _BegunCall:
    """A call while its arguments come in pieces."""

    id: str
    name: str
    arguments: list[str] = field(default_factory=list)


@dataclass
class Turn:
    """What a turn has come to. It says text, then it calls functions; either may be missing.

    `left` is how many bytes it may still say.
    """

    parallel: bool = field(kw_only=True)
    said: list[str] = field(default_factory=list)
    calls: list[_BegunCall] = field(default_factory=list)
    left: int = MOST_SAID

    def take(self, chunk: Chunk | Interrupted) -> Iterator[TurnEvent]:
        match chunk:
            case Text(value):
                yield from self._say(value)
            case CallBegan():
                yield from self._begin_call(chunk)
            case CallArguments(index):
                if index < len(self.calls):
                    yield from self._go_on(chunk)
            case Finished():
                yield from self._finish(chunk)
            case Failed(code, message):
                yield self._fail(message, code)
            case Interrupted.DUE:
                yield Idle()
            case Interrupted.DEADLINE:
                yield self.end(RUN_OUT)
            case Interrupted.CANCELLED:
                yield self.end(STOP)

    def end(
        self, transition: Transition, *, usage: Usage | None = None, error: LastError | None = None
    ) -> Ended:
        text = "" if self.calls else "".join(self.said)
        return Ended(transition, text, self._made(), usage, error)

    def _made(self) -> tuple[ToolCall, ...]:
        return tuple(ToolCall(c.id, c.name, "".join(c.arguments)) for c in self.calls)

    def _fail(self, message: str, code: str = "server_error") -> Ended:
        return self.end(FAIL, error=LastError(code=code, message=message))

    def _cut(self, reason: str, usage: Usage | None = None) -> Ended:
        run_reason, message_reason = _CUT_BY[reason]
        ended = self.end(CUT, usage=usage)
        return replace(ended, incomplete_reason=run_reason, message_reason=message_reason)

    def _say(self, value: str) -> Iterator[TurnEvent]:
        if self.calls:
            return  # text after function calls has no step: dropped
        if not self.said:
            yield TextBegan()
        fitting = _fitting(value, self.left)
        self.left -= _size(fitting)
        self.said.append(fitting)
        yield Said(fitting)
        if fitting != value:
            yield self._cut("length")

    def _begin_call(self, chunk: CallBegan) -> Iterator[TurnEvent]:
        if self.calls and not self.parallel:
            return
        if not _can_be_shown(chunk.name):
            yield self._fail("The model called a function whose name can't be shown.")
            return
        if len(self.calls) == MOST_CALLS:
            yield self._fail(f"The model called more than {MOST_CALLS} functions in one turn.")
            return
        if not self._has_room(chunk.id + chunk.name):
            yield self._fail(_TOO_LONG)
            return
        if not self.calls:
            if self.said:
                yield TextEnded("".join(self.said))
            yield CallsBegan()
        self.calls.append(_BegunCall(chunk.id, chunk.name))
        yield chunk

    def _go_on(self, chunk: CallArguments) -> Iterator[TurnEvent]:
        if not self._has_room(chunk.value):
            yield self._fail(_TOO_LONG)
            return
        self.calls[chunk.index].arguments.append(chunk.value)
        yield chunk

    def _has_room(self, text: str) -> bool:
        self.left -= _size(text)
        return self.left >= 0

    def _finish(self, chunk: Finished) -> Iterator[TurnEvent]:
        if not self.said:  # an empty answer is a message all the same: it has its cost
            yield from self._say("")
        if chunk.reason in _CUT_BY:
            yield self._cut(chunk.reason, chunk.usage)
        elif self.calls:
            yield CallsMade(self._made(), chunk.usage)
        else:
            yield self.end(COMPLETE, usage=chunk.usage)


def _size(text: str) -> int:
    """Its bytes in JSON, where a control character has six."""
    return len(json.dumps(text, ensure_ascii=False).encode()) - len('""')


def _fitting(text: str, size: int) -> str:
    """As much of the text as has at most `size` bytes."""
    if _size(text) <= size:
        return text
    ends = range(len(text) + 1)
    return text[: bisect_right(ends, size, key=lambda end: _size(text[:end])) - 1]


def _can_be_shown(name: str) -> bool:
    """Whether an app can be shown the name, as the model wrote it."""
    shown = name.isprintable() and not name.isspace() and BROKEN not in name
    return shown and 0 < len(name) <= _LONGEST_NAME
