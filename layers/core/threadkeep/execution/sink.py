"""The sink: writes what the engine says, in the transactions of the run's life.

Every write is conditional on the attempt, so a superseded executor writes nothing (RunLost). Only
the deltas of a streamed run are written outside a transaction, by this one writer, in order: the
first at once, then what has gathered in the meantime.
"""

from dataclasses import replace

from threadkeep.domain.clock import Clock
from threadkeep.domain.events import CallDelta, TextDelta
from threadkeep.domain.run_state import COMPLETE, CRASHED, FAIL, RUN_OUT, STOP, end_time
from threadkeep.domain.runs import Run, RunStepType, Usage
from threadkeep.domain.turns import ClosedTurn, OpenTurn
from threadkeep.execution import engine
from threadkeep.execution.deltas import Deltas
from threadkeep.providers.port import CallArguments, CallBegan
from threadkeep.store.held_run import HeldRun, RunLost
from threadkeep.store.store import Store


class Sink:
    """Follows one attempt of a run; `held` is the run as this attempt last wrote it.

    `turn` is one that an older attempt has begun, if readers have seen that and nothing else of it.
    """

    def __init__(
        self, held: HeldRun, turn: OpenTurn | None, store: Store, clock: Clock, gather: float
    ) -> None:
        self.held = held
        self._turn = turn
        self._store = store
        self._clock = clock
        self._deltas = Deltas(gather)
        self._spoken = False

    @property
    def due(self) -> float | None:
        """When (monotonic) what has gathered is to be written, if anything has."""
        return self._deltas.due

    def write(self, event: engine.TurnEvent) -> bool:
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

    def _write(self, event: engine.TurnEvent) -> bool:
        match event:
            case engine.TextBegan():
                return self._begin_as("message_creation")
            case engine.CallsBegan():
                return self._begin_as("tool_calls")
            case engine.Said(text):
                self._spoken = True
                self._show(TextDelta(self.held.run.open_message_id, text))
            case CallBegan(index, call_id, name):
                self._show(CallDelta(self.held.run.open_step_id, index, call_id, name))
            case CallArguments(index, value):
                self._show(CallDelta(self.held.run.open_step_id, index, arguments=value))
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

    def _overtaken(self, event: engine.TurnEvent, found: Run | None) -> engine.Ended | None:
        """How the run ends that was found when the event could not be written, if it is ours.

        What the turn has cost is not counted any more once the deadline has passed: from then on
        readers see the run as over, with what it had cost, and what is over does not change.
        """
        if found is None or found.attempt != self.held.run.attempt:
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
        """Begin the turn. One that readers have seen begin as another type fails."""
        if self.held.run.open_step is None:
            self._begin(type_)
        elif self.held.run.open_step != type_:
            self._end(engine.Ended(FAIL, error=CRASHED))
            return False
        return True

    def _show(self, change: TextDelta | CallDelta) -> None:
        if self.held.run.streamed:
            for ready in self._deltas.take(change, self._clock.monotonic()):
                self._append(ready)

    def _flush(self) -> None:
        for ready in self._deltas.flush(self._clock.monotonic()):
            self._append(ready)

    def _append(self, change: TextDelta | CallDelta) -> None:
        self.held = self._store.transitions.show(self.held, change)

    def _begin(self, type_: RunStepType) -> None:
        now = int(self._clock.now())
        run = replace(self.held.run, steps=self.held.run.steps + 1, open_step=type_)
        turn = OpenTurn.begun(run, type_, now)
        self._deltas.begin()
        self.held = self._store.transitions.begin_turn(self.held, run, turn, now)
        self._turn = turn

    def _finish_text(self, event: engine.TextEnded) -> None:
        """The turn goes on with calls; its price is on their step."""
        self._flush()
        now = int(self._clock.now())
        turn = self._closed(engine.Ended(COMPLETE, event.text), now)
        self.held = self._store.transitions.finish_step(self.held, turn, now)
        self._turn = None

    def _park(self, event: engine.CallsMade) -> None:
        self._flush()
        now = int(self._clock.now())
        if self._turn is None:
            raise AssertionError("calls are made in a step")
        step = self._turn.calling(event.calls).costing(event.usage).step
        total = self._total(event.usage)
        self.held = self._store.transitions.park(self.held, step, total, now)

    def _end(self, event: engine.Ended) -> None:
        self._flush()
        now = int(self._clock.now())
        self.held = self._store.transitions.end(
            self.held,
            event.transition,
            self._closed(event, end_time(self.held.run, now)),
            now,
            usage=self._total(event.usage),
            error=event.error,
            incomplete_reason=event.incomplete_reason,
        )

    def _total(self, usage: Usage | None) -> Usage:
        return (self.held.run.usage or Usage()) + (usage or Usage())

    def _closed(self, event: engine.Ended, now: int) -> ClosedTurn | None:
        """The open turn as the event ends it, if there is one."""
        turn = self._turn
        if turn is None:
            return None
        if self._spoken:
            turn = turn.saying(event.text)
        if event.calls:
            turn = turn.calling(event.calls)
        turn = turn.costing(event.usage)
        return turn.ended_by(event.transition, now, event.error, event.message_reason)
