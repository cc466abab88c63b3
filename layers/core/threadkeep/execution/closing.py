"""Closing the turn under way for a run that ends without the executor that began it.

A streamed turn is closed from what it has told: nobody is shown two versions. What an unstreamed
one had said is lost with its executor.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from threadkeep.domain.events import (
    CallDelta,
    Event,
    TextDelta,
    message_event,
    step_event,
)
from threadkeep.domain.objects import LastError, Message, Run, RunStep
from threadkeep.domain.run_state import PARK, Transition, step_ends
from threadkeep.domain.tool_calls import FunctionCall, tool_calls_step
from threadkeep.domain.turns import message_ends, said
from threadkeep.store.actions import Action
from threadkeep.store.contents import end_message
from threadkeep.store.keys import RunRef
from threadkeep.store.open_turn import close_open_turn
from threadkeep.store.run_events import restored
from threadkeep.store.run_steps import put_step
from threadkeep.store.store import Store


@dataclass(frozen=True)
class Closing:
    """The actions that close a turn, and the events that tell of it."""

    actions: list[Action]
    events: list[Event]


def close_turn(
    ref: RunRef,
    run: Run,
    transition: Transition,
    now: int,
    store: Store,
    error: LastError | None = None,
) -> Closing:
    """Close what `run` has open, as it was read: the ending requires it unchanged."""
    step = store.run_steps.read(ref, run.open_step_id) if run.streamed and run.open_step else None
    if step is None:
        return Closing(close_open_turn(ref, run, transition, now, error), [])
    message = store.messages.read(ref.thread, run.open_message_id)
    told = _told(ref, run, store)
    if step.type == "tool_calls" and run.status != PARK.target:
        step = tool_calls_step(run, step.created_at, _calls(told))
    if message and told:
        message = said(message, "".join(d.text for d in told if isinstance(d, TextDelta)))
    return closed(ref, step, message, transition, now, error)


def closed(
    ref: RunRef,
    step: RunStep,
    message: Message | None,
    transition: Transition,
    now: int,
    error: LastError | None = None,
    message_reason: str | None = None,
) -> Closing:
    """The step and its message, if it makes one, as they end with their run, in that order told."""
    step = replace(step, **step_ends(transition, now, step.usage, error))
    if message is None:
        return Closing([*put_step(ref, step)], [step_event(step)])
    ends = message_ends(transition, now)
    if message_reason:
        ends["incomplete_reason"] = message_reason
    message = replace(message, **ends)
    actions: list[Action] = [*put_step(ref, step), *end_message(ref.thread, message)]
    return Closing(actions, [message_event(message), step_event(step)])


def _told(ref: RunRef, run: Run, store: Store) -> list[TextDelta | CallDelta]:
    """The deltas of the open turn, in order."""
    rows = (row for row in store.run_events.after(ref, 0) if row.name.endswith(".delta"))
    open_ids = (run.open_step_id, run.open_message_id)
    deltas = (restored(row) for row in rows if row.id in open_ids)
    return [delta for delta in deltas if isinstance(delta, TextDelta | CallDelta)]


def _calls(told: Iterable[TextDelta | CallDelta]) -> list[FunctionCall]:
    calls: list[tuple[str, str, list[str]]] = []
    for delta in told:
        if isinstance(delta, CallDelta) and delta.call_id:
            calls.append((delta.call_id, delta.name, []))
        elif isinstance(delta, CallDelta):
            calls[delta.index][2].append(delta.arguments)
    return [FunctionCall(id_, name, "".join(arguments)) for id_, name, arguments in calls]
