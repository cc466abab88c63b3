"""Runs executions: a thread for each Task, one timer for everything that waits.

A stalled function holds up its own execution only: there is no pool that it could exhaust.
"""

import json
import threading
from dataclasses import dataclass
from random import Random
from typing import Any

from infra.local.function_error import FunctionError, Invoke
from infra.local.stepfunctions.alarms import Alarms
from infra.local.stepfunctions.definition import Definition, parse
from infra.local.stepfunctions.execution import Execution
from infra.local.stepfunctions.journal import Journal
from infra.local.stepfunctions.states import (
    Answer,
    Call,
    Enter,
    Event,
    Move,
    Sleep,
    Wake,
    sleeps_by_the_wall,
    step,
)
from infra.local.stepfunctions.states_error import TIMEOUT, StatesError
from threadkeep.domain.clock import Clock


@dataclass(eq=False)
class _Live:
    """A running execution. `generation` is how many events it has taken."""

    execution: Execution
    definition: Definition
    generation: int = 0


class Interpreter:
    """Every event of an execution is taken under `changed`, which also guards the journal.

    A function's answer, its time-out and its answer from before a time-out may race. Each carries
    the generation it belongs to; the first to be taken raises it, so the others are dropped.
    """

    def __init__(self, journal: Journal, clock: Clock, invoke: Invoke, random: Random) -> None:
        self.changed = threading.Condition()
        self.stopped = False
        self._journal = journal
        self._clock = clock
        self._invoke = invoke
        self._random = random
        self._definitions: dict[int, Definition] = {}
        self._alarms: Alarms[tuple[_Live, int]] = Alarms(clock)  # each of one generation
        self._timer = threading.Thread(target=self._ring, name="stepfunctions", daemon=True)

    def start(self) -> None:
        """Go on with what was running: a sleep keeps its end, a Task in flight runs again."""
        with self.changed:  # with the timer: no execution is begun in between and resumed twice
            self._timer.start()
            for execution in self._journal.running():
                self._resume(execution)

    def stop(self) -> None:
        """Take no further event. Functions under way are left alone, and run again another time."""
        with self.changed:
            self.stopped = True
            self.changed.notify_all()
        if self._timer.is_alive():
            self._timer.join()

    def begin(self, execution: Execution) -> None:
        """Journal a new execution, and run it if started. The caller holds `changed`."""
        self._journal.save(execution)
        if self._timer.is_alive():
            self._resume(execution)

    def _resume(self, execution: Execution) -> None:
        number = execution.definition
        if number not in self._definitions:
            self._definitions[number] = parse(self._journal.source(number))
        live = _Live(execution, self._definitions[number])
        if execution.due is None:
            self._take(live, Enter())
        else:
            self._sleep(live, execution.due)

    def _take(self, live: _Live, event: Event) -> None:
        """Go on until a function runs, a time must come, or all is over. Called with `changed`."""
        live.generation += 1
        execution, now = live.execution, self._clock.now()
        state = live.definition["States"][execution.state]
        match step(state, execution.data, event, now, execution.tries, self._random):
            case Call() as call:
                execution.due = None
                if call.timeout is not None:
                    self._alarms.after(call.timeout, (live, live.generation))
                task = threading.Thread(
                    target=self._run,
                    args=(live, live.generation, call),
                    name=call.function,
                    daemon=True,
                )
                task.start()
            case Sleep(until, tries):
                self._save(execution, due=until, tries=tries)
                self._sleep(live, until)
            case StatesError() as end:
                self._save(
                    execution, status="FAILED", stopped=now, error=end.error, cause=end.cause
                )
            case Move(None, data):
                self._save(execution, status="SUCCEEDED", stopped=now, data=data)
            case Move(then, data):
                self._save(execution, state=then, data=data, tries=(), due=None)
                self._take(live, Enter())
        self.changed.notify_all()

    def _save(self, execution: Execution, **changes: Any) -> None:
        for name, value in changes.items():
            setattr(execution, name, value)
        self._journal.save(execution)

    def _run(self, live: _Live, generation: int, call: Call) -> None:
        event: Event
        try:
            event = Answer(self._invoke(call.function, call.payload))
        except FunctionError as error:
            cause = {"errorMessage": error.message, "errorType": error.type}
            event = StatesError(error.type, json.dumps(cause))
        with self.changed:
            if live.generation == generation and not self.stopped:
                self._take(live, event)

    def _sleep(self, live: _Live, until: float) -> None:
        """Be woken at `until` (Unix seconds), or once the time to it has passed: a retry's delay is
        an interval, although it is journalled by when it ends.
        """
        if sleeps_by_the_wall(live.definition["States"][live.execution.state]):
            self._alarms.at(until, (live, live.generation))
        else:
            self._alarms.after(until - self._clock.now(), (live, live.generation))
        self.changed.notify_all()

    def _ring(self) -> None:
        with self.changed:
            while not self.stopped:
                ringing = self._alarms.ringing()
                if ringing is None:
                    self._clock.wait(self.changed, self._alarms.next_look())
                    continue
                live, generation = ringing
                if live.generation == generation:
                    asleep = live.execution.due is not None
                    self._take(live, Wake() if asleep else StatesError(TIMEOUT))
