"""A run's events as the chunks of an answer."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from threadkeep.domain.references import RunRef
from threadkeep.domain.runs import Run
from threadkeep.execution.tail import Numbered, Signal, follow
from threadkeep.services import Services
from threadkeep.wire import events, run_objects

if TYPE_CHECKING:
    from threadkeep.wire import shapes


@dataclass(frozen=True)
class EventStream:
    """An answer that is sent piece by piece. Once it is made nothing can be refused any more.

    `chunks(until)` are the pieces, the last of them soon after `until` (monotonic).
    """

    chunks: Callable[[float], Generator[bytes]]


def run_answer(
    project_id: str, run: Run, services: Services, after: int = 0
) -> "shapes.RunObject | EventStream":
    """The run, or its stream if that was asked for."""
    if not run.streamed:
        return run_objects.run_object(run)
    return event_stream(RunRef(project_id, run.thread_id, run.id), run, services, after)


def event_stream(
    ref: RunRef, run: Run, services: Services, after: int = 0, *, replayed: bool = False
) -> EventStream:
    """The stream of a run from event number `after` on. A client that leaves changes nothing.

    `replayed`: for GET …/stream. Events carry ids, and all legs are replayed. The stream of a
    request that starts a leg shows that leg alone, without ids.
    """
    return EventStream(partial(_chunks, ref, run, services, after, replayed=replayed))


def _chunks(
    ref: RunRef, run: Run, services: Services, after: int, until: float, *, replayed: bool
) -> Generator[bytes]:
    parts = services.store, services.clock, services.waker
    for shown in follow(ref, *parts, after, until=until, past_waits=replayed):
        match shown:
            case Numbered(seq, event):
                yield events.frame(event, run.expires_at, seq if replayed else None)
            case Signal.PING:
                yield events.PING
            case Signal.STUCK:
                yield events.error(
                    f"The run {run.id} is still queued. It goes on without this stream: retrieve it"
                    " later."
                )
            case Signal.CUT:
                yield events.error(
                    f"The stream of the run {run.id} has reached its longest time. The run goes on:"
                    " retrieve it, or join its stream again."
                )
            case Signal.GONE:
                yield events.error(
                    f"The run {run.id}, or a part of what it told, was deleted: its stream ends."
                )
            case Signal.DONE:
                yield events.DONE
