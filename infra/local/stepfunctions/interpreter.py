"""Runs executions: a thread for each Task, one timer for everything that waits.

A stalled function holds up its own execution only: there is no pool that it could exhaust.
"""

import heapq
import itertools
import json
import math
import threading
from dataclasses import dataclass
from random import Random
from typing import Any, NamedTuple

from infra.local.function_error import FunctionError, Invoke
from infra.local.stepfunctions.definition import Definition, parse
from infra.local.stepfunctions.execution import Execution
from infra.local.stepfunctions.journal import Journal
from infra.local.stepfunctions.states import Answer, Call, Enter, Event, Move, Sleep, Wake, step
from infra.local.stepfunctions.states_error import TIMEOUT, StatesError
from threadkeep.domain.clock import Clock


@dataclass(eq=False)
class _Live:
    """A running execution. `generation` is how many events it has taken."""

    execution: Execution
    definition: Definition
    generation: int = 0


class _Alarm(NamedTuple):
    at: float
    number: int  # so that two alarms of one time never compare further
    live: _Live
    generation: int


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
        self._alarms: list[_Alarm] = []
        self._numbers = itertools.count()
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
            self._alarm(live, execution.due)

    def _take(self, live: _Live, event: Event) -> None:
        """Go on until a function runs, a time must come, or all is over. Called with `changed`."""
        live.generation += 1
        execution, now = live.execution, self._clock.now()
        state = live.definition["States"][execution.state]
        match step(state, execution.data, event, now, execution.tries, self._random):
            case Call() as call:
                execution.due = None
                if call.timeout is not None:
                    self._alarm(live, now + call.timeout)
                task = threading.Thread(
                    target=self._run,
                    args=(live, live.generation, call),
                    name=call.function,
                    daemon=True,
                )
                task.start()
            case Sleep(until, tries):
                self._save(execution, due=until, tries=tries)
                self._alarm(live, until)
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

    def _alarm(self, live: _Live, at: float) -> None:
        heapq.heappush(self._alarms, _Alarm(at, next(self._numbers), live, live.generation))
        self.changed.notify_all()

    def _ring(self) -> None:
        with self.changed:
            while not self.stopped:
                at = self._alarms[0].at if self._alarms else math.inf
                if at > self._clock.now():
                    self._clock.wait(self.changed, at)
                    continue
                alarm = heapq.heappop(self._alarms)
                if alarm.live.generation == alarm.generation:
                    asleep = alarm.live.execution.due is not None
                    self._take(alarm.live, Wake() if asleep else StatesError(TIMEOUT))
