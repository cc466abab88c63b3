"""The sink: writes what the engine says, in the transactions of the run's life.

Every write is conditional on the attempt, so a superseded executor writes nothing (RunLost).
"""

from dataclasses import replace

from threadkeep.domain.clock import Clock
from threadkeep.domain.objects import Message, Run, RunStep, RunStepType, Usage
from threadkeep.domain.run_state import COMPLETE, step_ends
from threadkeep.domain.tool_calls import tool_calls_step
from threadkeep.domain.turns import begun_message, message_ends, said, text_step
from threadkeep.execution.engine import (
    CallsBegan,
    CallsMade,
    Ended,
    Event,
    TextBegan,
    TextEnded,
)
from threadkeep.store.contents import put_message
from threadkeep.store.database import Action
from threadkeep.store.keys import RunRef
from threadkeep.store.run_steps import put_step
from threadkeep.store.transitions import Transitions


class Sink:
    """Follows one attempt of a run: `run` is the run as this attempt last wrote it."""

    def __init__(self, ref: RunRef, run: Run, transitions: Transitions, clock: Clock) -> None:
        self.run = run
        self._ref = ref
        self._transitions = transitions
        self._clock = clock
        self._step: RunStep | None = None
        self._message: Message | None = None

    def write(self, event: Event) -> None:
        """Write the event, if it is one that is stored."""
        match event:
            case TextBegan():
                self._begin("message_creation")
            case CallsBegan():
                self._begin("tool_calls")
            case TextEnded():
                self._finish_text(event)
            case CallsMade():
                self._park(event)
            case Ended():
                self._end(event)

    def _begin(self, type_: RunStepType) -> None:
        now = int(self._clock.now())
        begun = replace(self.run, steps=self.run.steps + 1, open_step=type_)
        if type_ == "message_creation":
            self._step, self._message = text_step(begun, now), begun_message(begun, now)
        else:
            self._step, self._message = tool_calls_step(begun, now), None
        self.run = self._transitions.begin_turn(self._ref, self.run, self._step, self._message, now)

    def _finish_text(self, event: TextEnded) -> None:
        """The turn goes on with calls; what it cost is told by their step."""
        now = int(self._clock.now())
        closing = self._closing(Ended(COMPLETE, event.text), now)
        self.run = self._transitions.finish_step(self._ref, self.run, closing, now)

    def _park(self, event: CallsMade) -> None:
        now = int(self._clock.now())
        if self._step is None:
            raise AssertionError("calls are made in a step")
        made = tool_calls_step(self.run, self._step.created_at, event.calls)
        step = replace(made, usage=event.usage)
        self.run = self._transitions.park(self._ref, self.run, step, now, self._total(event.usage))

    def _end(self, event: Ended) -> None:
        now = int(self._clock.now())
        self.run = self._transitions.end(
            self._ref,
            self.run,
            event.transition,
            now,
            self._closing(event, now),
            usage=self._total(event.usage),
            last_error=event.error,
            incomplete_reason=event.incomplete_reason,
        )

    def _total(self, usage: Usage | None) -> Usage:
        return (self.run.usage or Usage()) + (usage or Usage())

    def _closing(self, event: Ended, now: int) -> list[Action]:
        """What closes the open step and message, if the turn has begun one."""
        if self._step is None or self.run.open_step is None:
            return []
        step = self._step
        if event.calls:
            step = tool_calls_step(self.run, step.created_at, event.calls)
        step = replace(step, **step_ends(event.transition, now, event.usage, event.error))
        actions: list[Action] = [*put_step(self._ref, step)]
        if self._message:
            ends = message_ends(event.transition, now)
            if event.message_reason:
                ends["incomplete_reason"] = event.message_reason
            message = replace(said(self._message, event.text), **ends)
            actions += put_message(self._ref.thread, message)
        return actions
