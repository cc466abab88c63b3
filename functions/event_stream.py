"""A run's events as the chunks of an answer."""

from collections.abc import Iterator
from dataclasses import dataclass

from threadkeep.domain.objects import Run
from threadkeep.execution.tail import Signal, Told, follow
from threadkeep.services import Services
from threadkeep.store.keys import RunRef
from threadkeep.wire import events, objects


@dataclass(frozen=True)
class EventStream:
    """An answer that is told piece by piece. Nothing can be refused any more once it is made."""

    chunks: Iterator[bytes]


def run_answer(project_id: str, run: Run, services: Services, after: int = 0) -> object:
    """The run, or its stream if that was asked for."""
    if not run.streamed:
        return objects.run(run)
    return event_stream(RunRef(project_id, run.thread_id, run.id), run, services, after)


def event_stream(
    ref: RunRef, run: Run, services: Services, after: int = 0, *, numbered: bool = False
) -> EventStream:
    """The stream of a run from event number `after` on. A client that leaves changes nothing."""
    return EventStream(_chunks(ref, run, services, after, numbered=numbered))


def _chunks(
    ref: RunRef, run: Run, services: Services, after: int, *, numbered: bool
) -> Iterator[bytes]:
    for told in follow(ref, services.store, services.clock, services.waker, after):
        match told:
            case Told(seq, event):
                yield events.frame(event, run.expires_at, seq if numbered else None)
            case Signal.PING:
                yield events.PING
            case Signal.STUCK:
                yield events.error(
                    f"The run {run.id} is still queued. It goes on without this stream: retrieve it"
                    " later."
                )
            case Signal.GONE:
                yield events.error(f"The run {run.id} is not there any more.")
            case Signal.DONE:
                yield events.DONE
