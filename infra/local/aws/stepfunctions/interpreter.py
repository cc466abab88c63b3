"""Runs executions: a thread for each Task, one timer for everything that waits.

A stalled function holds up its own execution only: there is no pool that it could exhaust.
"""

import json
import logging
import threading
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from functions.bugs import place
from infra.local.aws.function_error import FunctionError, Invoke
from infra.local.aws.stepfunctions.alarms import Alarms
from infra.local.aws.stepfunctions.execution import Execution
from infra.local.aws.stepfunctions.journal import Journal
from infra.local.aws.stepfunctions.states import (
    Enter,
    FunctionAnswer,
    Move,
    RunFunction,
    Sleep,
    StateEvent,
    Wake,
    sleeps_by_the_wall,
    step,
)
from infra.local.aws.stepfunctions.states_error import TIMEOUT, StatesError
from infra.local.worker import Stopped, Worker
from threadkeep.domain.clock import Clock

_BACK_OFF = 0.5  # seconds until an event is taken again, then twice as many each time
_DOUBLINGS = 6

_LOG = logging.getLogger("threadkeep.workers")

Definition = dict[str, Any]  # a state machine in the Amazon States Language


@dataclass(eq=False)
class _Live:
    """A running execution. `generation` is how many events it has taken; `failures` how often the
    next one could not be journalled.
    """

    execution: Execution
    definition: Definition
    generation: int = 0
    failures: int = 0


class Interpreter:
    """Every event of an execution is taken under `changed`, which also guards the journal.

    A function's answer, its time-out and its answer from before a time-out may race. Each carries
    the generation it belongs to; the first to be taken raises it, so the others are dropped. What
    could not be journalled has not happened: the execution is as it was, and takes the event later.
    """

    def __init__(self, journal: Journal, clock: Clock, invoke: Invoke, random: Random) -> None:
        self.changed = threading.Condition()
        self.stopped = False
        self._started = False
        self._journal = journal
        self._clock = clock
        self._invoke = invoke
        self._random = random
        self.definitions: dict[str, Definition] = {
            arn: json.loads(source) for arn, source in journal.machines().items()
        }
        self._live: dict[str, _Live] = {}  # by ARN: what is running here
        self._alarms: Alarms[tuple[_Live, int, StateEvent]] = Alarms(
            clock
        )  # each of one generation
        self._timer = Worker("stepfunctions", self._ring, clock)

    def start(self) -> None:
        """Go on with what was running: a sleep keeps its end, a Task in flight runs again."""
        with self.changed:  # with the timer: no execution is begun in between and resumed twice
            self._started = True
            self._timer.start()
            for execution in self._journal.running():
                self._resume(execution)

    def stop(self) -> None:
        """Take no further event. Functions under way are left alone, and run again another time."""
        with self.changed:
            self.stopped = True
            self.changed.notify_all()
        self._timer.stop()

    def begin(self, execution: Execution) -> None:
        """Journal a new execution, and run it if started. The caller holds `changed`."""
        self._journal.save(execution)
        self.go_on(execution)

    def go_on(self, execution: Execution) -> None:
        """Run an execution of the journal, unless it runs already. The caller holds `changed`."""
        if self._started and execution.arn not in self._live:
            self._resume(execution)

    def _resume(self, execution: Execution) -> None:
        live = _Live(execution, self.definitions[execution.machine])
        self._live[execution.arn] = live
        if execution.due is None:
            self._handle(live, Enter())
        else:
            self._sleep(live, execution.due)

    def _handle(self, live: _Live, event: StateEvent) -> None:
        """Take the event and those that follow at once. Called with `changed`."""
        following: StateEvent | None = event
        try:
            while following is not None:
                event = following
                following = self._take(live, event)
                live.failures = 0
        except Exception as error:  # noqa: BLE001  (a worker's edge: the event is taken later)
            _LOG.error("executions: %s at %s; goes on", type(error).__name__, place(error))
            pause = _BACK_OFF * 2 ** min(live.failures, _DOUBLINGS)
            live.failures += 1
            self._alarms.after(pause, (live, live.generation, event))
        self.changed.notify_all()

    def _take(self, live: _Live, event: StateEvent) -> StateEvent | None:
        """One step; what follows at once, or None until a function answers or a time comes."""
        execution, now = live.execution, self._clock.now()
        state = live.definition["States"][execution.state]
        match step(state, execution.data, event, now, execution.tries, self._random):
            case RunFunction() as call:
                self._call(live, call)
            case Sleep(until, tries):
                self._save(live, due=until, tries=tries)
                self._sleep(live, until)
            case StatesError() as end:
                self._save(live, status="FAILED", stopped=now, error=end.error, cause=end.cause)
                del self._live[execution.arn]
            case Move(None, data):
                self._save(live, status="SUCCEEDED", stopped=now, data=data)
                del self._live[execution.arn]
            case Move(then, data):
                self._save(live, state=then, data=data, tries=(), due=None)
                return Enter()
        return None

    def _call(self, live: _Live, call: RunFunction) -> None:
        """Run a function. Nothing of its answer is taken before the caller gives up `changed`."""
        live.generation += 1
        if call.timeout is not None:  # its time begins before the function can
            self._alarms.after(call.timeout, (live, live.generation, StatesError(TIMEOUT)))
        task = threading.Thread(
            target=self._run, args=(live, live.generation, call), name=call.function, daemon=True
        )
        try:
            task.start()
        except RuntimeError:  # there can be no more threads just now
            live.generation += 1  # the alarm is void
            raise
        live.execution = replace(live.execution, due=None)

    def _save(self, live: _Live, **changes: Any) -> None:
        changed = replace(live.execution, **changes)
        self._journal.save(changed)
        live.execution = changed
        live.generation += 1

    def _run(self, live: _Live, generation: int, call: RunFunction) -> None:
        event: StateEvent
        try:
            event = FunctionAnswer(self._invoke(call.function, call.payload))
        except FunctionError as error:
            cause = {"errorMessage": error.message, "errorType": error.type}
            event = StatesError(error.type, json.dumps(cause))
        with self.changed:
            if live.generation == generation and not self.stopped:
                self._handle(live, event)

    def _sleep(self, live: _Live, until: float) -> None:
        """Be woken at `until` (Unix seconds), or once the time to it has passed: a retry's delay is
        an interval, although it is journalled by when it ends.
        """
        alarm = (live, live.generation, Wake())
        if sleeps_by_the_wall(live.definition["States"][live.execution.state]):
            self._alarms.at(until, alarm)
        else:
            self._alarms.after(until - self._clock.now(), alarm)
        self.changed.notify_all()

    def _ring(self) -> None:
        """The timer's step: what is due now, or wait for the next."""
        with self.changed:
            if self.stopped:
                raise Stopped
            ringing = self._alarms.ringing()
            if ringing is None:
                self._clock.wait(self.changed, self._alarms.next_look())
                return
            live, generation, event = ringing
            if live.generation == generation:
                self._handle(live, event)
