"""The sink: writes what the engine says, in the transactions of the run's life.

Every write is conditional on the attempt, so a superseded executor writes nothing (RunLost).
"""

from dataclasses import replace

from threadkeep.domain.clock import Clock
from threadkeep.domain.objects import Message, Run, RunStep, Usage
from threadkeep.domain.run_state import step_ends
from threadkeep.domain.turns import begun_message, message_ends, said, text_step
from threadkeep.execution.engine import Ended, Event, TextBegan
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
        self._open: tuple[RunStep, Message] | None = None

    def write(self, event: Event) -> None:
        """Write the event, if it is one that is stored."""
        if isinstance(event, TextBegan):
            self._begin()
        elif isinstance(event, Ended):
            self._end(event)

    def _begin(self) -> None:
        now = int(self._clock.now())
        begun = replace(self.run, steps=self.run.steps + 1, open_step="message_creation")
        step, message = text_step(begun, now), begun_message(begun, now)
        self.run = self._transitions.begin_turn(self._ref, self.run, step, message, now)
        self._open = step, message

    def _end(self, event: Ended) -> None:
        now = int(self._clock.now())
        total = (self.run.usage or Usage()) + (event.usage or Usage())
        self._transitions.end(
            self._ref,
            self.run,
            event.transition,
            now,
            self._closing(event, now),
            usage=total,
            last_error=event.error,
            incomplete_reason=event.incomplete_reason,
        )

    def _closing(self, event: Ended, now: int) -> list[Action]:
        if self._open is None:
            return []
        step, message = self._open
        step = replace(step, **step_ends(event.transition, now, event.usage, event.error))
        ends = message_ends(event.transition, now)
        if event.message_reason:
            ends["incomplete_reason"] = event.message_reason
        message = replace(said(message, event.text or ""), **ends)
        return [*put_step(self._ref, step), *put_message(self._ref.thread, message)]
