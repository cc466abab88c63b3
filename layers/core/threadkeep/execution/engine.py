"""The engine: turns the model's chunks into what happens to the run. Plain values in and out."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from threadkeep.domain.objects import LastError, Usage
from threadkeep.domain.run_state import COMPLETE, CUT, FAIL, RUN_OUT, STOP, Transition
from threadkeep.execution.watch import Interrupted
from threadkeep.providers.port import Chunk, Failed, Finished, Text

# finish_reason → (why the run is incomplete, why its message is)
_CUT_BY = {
    "length": ("max_completion_tokens", "max_tokens"),
    "content_filter": ("content_filter", "content_filter"),
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
class Ended:
    """The run ends by `transition`; `text` is all that was said, None if the turn never began."""

    transition: Transition
    text: str | None
    usage: Usage | None = None
    error: LastError | None = None
    incomplete_reason: str | None = None
    message_reason: str | None = None


Event = TextBegan | Said | Ended


def run(chunks: Iterable[Chunk | Interrupted]) -> Iterator[Event]:
    """What happens to the run whose turn makes these chunks; the last event is `Ended`."""
    pieces: list[str] = []
    for chunk in chunks:
        if isinstance(chunk, Text):
            if not pieces:
                yield TextBegan()
            pieces.append(chunk.value)
            yield Said(chunk.value)
            continue
        if isinstance(chunk, Finished) and not pieces:
            yield TextBegan()  # an empty answer is a message all the same
            pieces.append("")
        yield Ended(text="".join(pieces) if pieces else None, **_ending(chunk))
        return
    yield Ended(FAIL, "".join(pieces) if pieces else None, error=_BROKEN_OFF)


def _ending(chunk: Finished | Failed | Interrupted) -> dict[str, Any]:
    if isinstance(chunk, Failed):
        return {"transition": FAIL, "error": LastError(code=chunk.code, message=chunk.message)}
    if isinstance(chunk, Interrupted):
        return {"transition": RUN_OUT if chunk is Interrupted.DEADLINE else STOP}
    if chunk.reason in _CUT_BY:
        run_reason, message_reason = _CUT_BY[chunk.reason]
        return {
            "transition": CUT,
            "usage": chunk.usage,
            "incomplete_reason": run_reason,
            "message_reason": message_reason,
        }
    return {"transition": COMPLETE, "usage": chunk.usage}
