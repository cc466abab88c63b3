"""The sink: writes what the engine says, in the transactions of the run's life.

Every write is conditional on the attempt, so a superseded executor writes nothing (RunLost). Only
the deltas of a streamed run are written outside a transaction, by this one writer, in order: the
first at once, then what has gathered in the meantime.
"""

from dataclasses import replace

from threadkeep.domain.clock import Clock
from threadkeep.domain.events import CallDelta, TextDelta, began, delta
from threadkeep.domain.objects import Message, Run, RunStep, RunStepType, Usage
from threadkeep.domain.run_state import COMPLETE, CRASHED, FAIL, RUN_OUT, STOP, end_time
from threadkeep.domain.tool_calls import tool_calls_step
from threadkeep.domain.turns import begun_message, said, text_step
from threadkeep.execution import engine
from threadkeep.execution.closing import Closing, closed
from threadkeep.execution.deltas import Deltas
from threadkeep.providers.port import CallArguments, CallBegan
from threadkeep.store.keys import RunRef
from threadkeep.store.run_events import RunEvents, RunLog
from threadkeep.store.run_lost import RunLost
from threadkeep.store.transitions import Transitions


class Sink:
    """Follows one attempt of a run: `run` is the run as this attempt last wrote it."""

    def __init__(
        self,
        ref: RunRef,
        run: Run,
        transitions: Transitions,
        events: RunEvents,
        log: RunLog,
        clock: Clock,
        gather: float,
    ) -> None:
        self.run = run
        self._ref = ref
        self._transitions = transitions
        self._events = events
        self._log = log
        self._clock = clock
        self._deltas = Deltas(gather)
        self._step: RunStep | None = None
        self._message: Message | None = None
        self._spoken = False

    @property
    def due(self) -> float | None:
        """When (monotonic) what has gathered is to be written, if anything has."""
        return self._deltas.due

    def go_on(self, step: RunStep, message: Message | None) -> None:
        """Go on with the turn that an earlier attempt has begun and told, but nothing of it."""
        self._step, self._message = step, message

    def write(self, event: engine.Event) -> bool:
        """Write the event, if it is one that is stored; False once the run is over or waits.

        Cancel and the deadline may come before it. The attempt that still holds the run then ends
        it so, with all that was said: who ends it later would not know of that.
        """
        try:
            return self._write(event)
        except RunLost as lost:
            ending = self._overtaken(event, lost.run)
            if ending is None:
                raise
            self._end(ending)
            return False

    def _write(self, event: engine.Event) -> bool:
        match event:
            case engine.TextBegan():
                return self._begin_as("message_creation")
            case engine.CallsBegan():
                return self._begin_as("tool_calls")
            case engine.Said(text):
                self._spoken = True
                self._tell(TextDelta(self.run.open_message_id, text))
            case CallBegan(index, call_id, name):
                self._tell(CallDelta(self.run.open_step_id, index, call_id, name))
            case CallArguments(index, value):
                self._tell(CallDelta(self.run.open_step_id, index, arguments=value))
            case engine.Idle():
                self._flush()
            case engine.TextEnded():
                self._finish_text(event)
            case engine.CallsMade():
                self._park(event)
                return False
            case engine.Ended():
                self._end(event)
                return False
        return True

    def _overtaken(self, event: engine.Event, found: Run | None) -> engine.Ended | None:
        """How the run ends that was found when the event could not be written, if it is ours.

        What the turn has cost is not counted any more once the deadline has passed: from then on
        readers are told what the run had cost, and what is over does not change.
        """
        if found is None or found.attempt != self.run.attempt:
            return None
        late = self._clock.now() >= found.expires_at
        if found.status in STOP.sources:
            ended = engine.Ended(STOP)
        elif found.status in RUN_OUT.sources and late:
            ended = engine.Ended(RUN_OUT)
        else:
            return None
        match event:
            case engine.TextEnded(text):
                return replace(ended, text=text)
            case engine.CallsMade(calls, usage):
                return replace(ended, calls=calls, usage=None if late else usage)
            case engine.Ended(text=text, calls=calls, usage=usage):
                return replace(ended, text=text, calls=calls, usage=None if late else usage)
        return ended

    def _begin_as(self, type_: RunStepType) -> bool:
        """Begin the turn. One that was told to be of another type can't be unsaid: it fails."""
        if self.run.open_step is None:
            self._begin(type_)
        elif self.run.open_step != type_:
            self._end(engine.Ended(FAIL, error=CRASHED))
            return False
        return True

    def _tell(self, change: TextDelta | CallDelta) -> None:
        if self.run.streamed:
            for ready in self._deltas.take(change, self._clock.monotonic()):
                self._append(ready)

    def _flush(self) -> None:
        for ready in self._deltas.flush(self._clock.monotonic()):
            self._append(ready)

    def _append(self, change: TextDelta | CallDelta) -> None:
        if not self._events.append(self._log, delta(change)):
            raise RunLost(None)

    def _begin(self, type_: RunStepType) -> None:
        now = int(self._clock.now())
        begun = replace(self.run, steps=self.run.steps + 1, open_step=type_)
        if type_ == "message_creation":
            self._step, self._message = text_step(begun, now), begun_message(begun, now)
        else:
            self._step, self._message = tool_calls_step(begun, now), None
        self._deltas.begin()
        events = began(self._step, self._message)
        self.run = self._transitions.begin_turn(
            self._ref, self.run, self._step, self._message, now, self._log, events
        )

    def _finish_text(self, event: engine.TextEnded) -> None:
        """The turn goes on with calls; what it cost is told by their step."""
        self._flush()
        now = int(self._clock.now())
        closing = self._closing(engine.Ended(COMPLETE, event.text), now)
        self.run = self._transitions.finish_step(
            self._ref, self.run, closing.actions, now, self._log, closing.events
        )

    def _park(self, event: engine.CallsMade) -> None:
        self._flush()
        now = int(self._clock.now())
        if self._step is None:
            raise AssertionError("calls are made in a step")
        made = tool_calls_step(self.run, self._step.created_at, event.calls)
        step = replace(made, usage=event.usage)
        total = self._total(event.usage)
        self.run = self._transitions.park(self._ref, self.run, step, now, total, self._log)

    def _end(self, event: engine.Ended) -> None:
        self._flush()
        now = int(self._clock.now())
        closing = self._closing(event, end_time(self.run, now))
        self.run = self._transitions.end(
            self._ref,
            self.run,
            event.transition,
            now,
            closing.actions,
            self._log,
            closing.events,
            usage=self._total(event.usage),
            last_error=event.error,
            incomplete_reason=event.incomplete_reason,
        )

    def _total(self, usage: Usage | None) -> Usage:
        return (self.run.usage or Usage()) + (usage or Usage())

    def _closing(self, event: engine.Ended, now: int) -> Closing:
        """What closes the open step and message, if the turn has begun one."""
        if self._step is None or self.run.open_step is None:
            return Closing([], [])
        step = self._step
        if event.calls:
            step = tool_calls_step(self.run, step.created_at, event.calls)
        step = replace(step, usage=event.usage)
        message = self._message
        if message and self._spoken:
            message = said(message, event.text)
        return closed(
            self._ref, step, message, event.transition, now, event.error, event.message_reason
        )
