"""The engine: turns the model's chunks into what happens to the run. Plain values in and out."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from threadkeep.domain.objects import LastError, Usage
from threadkeep.domain.run_state import COMPLETE, CUT, FAIL, RUN_OUT, STOP, Transition
from threadkeep.domain.tool_calls import FunctionCall
from threadkeep.execution.watch import Interrupted
from threadkeep.providers.port import (
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

    calls: tuple[FunctionCall, ...]
    usage: Usage | None = None


@dataclass(frozen=True)
class Ended:
    """The run ends by `transition`, with what the turn had come to: its text or its calls."""

    transition: Transition
    text: str = ""
    calls: tuple[FunctionCall, ...] = ()
    usage: Usage | None = None
    error: LastError | None = None
    incomplete_reason: str | None = None
    message_reason: str | None = None


@dataclass(frozen=True)
class Idle:
    """Nothing happened, but what has gathered is due."""


Event = (
    TextBegan | Said | TextEnded | CallsBegan | CallBegan | CallArguments | CallsMade | Ended | Idle
)


def run(
    chunks: Iterable[Chunk | Interrupted], functions: Collection[str], *, parallel: bool
) -> Iterator[Event]:
    """What happens to the run whose turn makes these chunks; ends with `CallsMade` or `Ended`.

    `functions` are the names the run has; without `parallel` a turn's first call is its only one.
    """
    turn = _Turn(functions, parallel=parallel)
    for chunk in chunks:
        for event in turn.take(chunk):
            yield event
            if isinstance(event, CallsMade | Ended):
                return
    yield turn.end({"transition": FAIL, "error": _BROKEN_OFF})


@dataclass
class _Turn:
    """What a turn has come to. It says text, then it calls functions; either may be missing."""

    functions: Collection[str]
    parallel: bool = field(kw_only=True)
    said: list[str] = field(default_factory=list)
    calls: list[FunctionCall] = field(default_factory=list)

    def take(self, chunk: Chunk | Interrupted) -> Iterator[Event]:
        match chunk:
            case Text(value):
                yield from self._say(value)
            case CallBegan():
                yield from self._begin_call(chunk)
            case CallArguments(index, value):
                if index < len(self.calls):
                    call = self.calls[index]
                    arguments = call.arguments + value
                    self.calls[index] = FunctionCall(call.id, call.name, arguments)
                    yield chunk
            case Finished():
                yield from self._finish(chunk)
            case Failed(code, message):
                yield self.end({"transition": FAIL, "error": LastError(code=code, message=message)})
            case Interrupted.DUE:
                yield Idle()
            case Interrupted.DEADLINE:
                yield self.end({"transition": RUN_OUT})
            case Interrupted.CANCELLED:
                yield self.end({"transition": STOP})

    def end(self, ending: dict[str, Any]) -> Ended:
        text = "" if self.calls else "".join(self.said)
        return Ended(text=text, calls=tuple(self.calls), **ending)

    def _say(self, value: str) -> Iterator[Event]:
        if self.calls:
            return  # an afterthought to its calls: no step is left to put it into
        if not self.said:
            yield TextBegan()
        self.said.append(value)
        yield Said(value)

    def _begin_call(self, chunk: CallBegan) -> Iterator[Event]:
        if chunk.name not in self.functions:
            text = f"The model called the function '{chunk.name}', which the run does not have."
            yield self.end(
                {"transition": FAIL, "error": LastError(code="server_error", message=text)}
            )
            return
        if self.calls and not self.parallel:
            return
        if not self.calls:
            if self.said:
                yield TextEnded("".join(self.said))
            yield CallsBegan()
        self.calls.append(FunctionCall(chunk.id, chunk.name, ""))
        yield chunk

    def _finish(self, chunk: Finished) -> Iterator[Event]:
        if not self.said and not self.calls:
            yield from self._say("")  # an empty answer is a message all the same: it has its cost
        if chunk.reason in _CUT_BY:
            run_reason, message_reason = _CUT_BY[chunk.reason]
            yield self.end(
                {
                    "transition": CUT,
                    "usage": chunk.usage,
                    "incomplete_reason": run_reason,
                    "message_reason": message_reason,
                }
            )
            return
        if self.calls:
            yield CallsMade(tuple(self.calls), chunk.usage)
            return
        yield self.end({"transition": COMPLETE, "usage": chunk.usage})
