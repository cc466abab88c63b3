"""The events of a run: their names and the objects they carry."""

from dataclasses import dataclass

from threadkeep.domain.objects import Message, Thread
from threadkeep.domain.runs import Run, RunStep
from threadkeep.domain.turns import ClosedTurn, OpenTurn


@dataclass(frozen=True)
class TextDelta:
    """A further piece of a message's text; `first` is its first."""

    id: str
    text: str
    first: bool = False


@dataclass(frozen=True)
class CallDelta:
    """A call of the step `id` that begins (with `call_id` and `name`), or more of its arguments."""

    id: str
    index: int
    call_id: str = ""
    name: str = ""
    arguments: str = ""


EventObject = Thread | Run | RunStep | Message | TextDelta | CallDelta


@dataclass(frozen=True)
class Event:
    """One event, as the API names it."""

    name: str
    object: EventObject


def run_event(run: Run) -> Event:
    """The news that the run is in its status."""
    return Event(f"thread.run.{run.status}", run)


def step_event(step: RunStep) -> Event:
    """The news that the step is in its status."""
    return Event(f"thread.run.step.{step.status}", step)


def message_event(message: Message) -> Event:
    """The news that the message is in its status."""
    return Event(f"thread.message.{message.status}", message)


def begun_events(turn: OpenTurn) -> list[Event]:
    """The news of a turn that begins."""
    events = [Event("thread.run.step.created", turn.step), step_event(turn.step)]
    if turn.message:
        events += [Event("thread.message.created", turn.message), message_event(turn.message)]
    return events


def closed_events(turn: ClosedTurn | None) -> list[Event]:
    """The news of a turn that is over, if there is one: its message's end, then its step's."""
    if turn is None:
        return []
    message = [message_event(turn.message)] if turn.message else []
    return [*message, step_event(turn.step)]


def delta(change: TextDelta | CallDelta) -> Event:
    """The news of a further piece."""
    kind = "message" if isinstance(change, TextDelta) else "run.step"
    return Event(f"thread.{kind}.delta", change)
