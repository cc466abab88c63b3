"""What the tests of the interpreter share: scripted functions, small definitions, no sleeping."""

import json
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from infra.local.aws.function_error import FunctionError, Invoke
from infra.local.aws.stepfunctions import StepFunctions
from infra.local.aws.stepfunctions.execution import Execution
from infra.state_machine import definition
from tests.fake_clock import FakeClock
from threadkeep.domain.clock import Clock

RUN = definition({"executor": "executor", "partition": "aws"})
_PATIENCE = 10.0  # real seconds after which a test fails instead of hanging


class Jitter(Random):
    """Jitter that always draws this part of a delay."""

    def __init__(self, part: float) -> None:
        super().__init__()
        self.part = part

    def uniform(self, a: float, b: float) -> float:
        return a + (b - a) * self.part


class Stall:
    """An answer that comes when the test says so."""

    def __init__(self, answer: Any = None) -> None:
        self.answer = answer
        self.released = threading.Event()


class Functions:
    """Local Lambda functions. A call takes its function's next answer; without one it is `{}`."""

    def __init__(self, **answers: list[Any]) -> None:
        self.calls: list[tuple[str, Any]] = []
        self.threads: list[threading.Thread] = []
        self._stalls: list[Stall] = []
        self._answers = defaultdict(list, answers)
        self._changed = threading.Condition()

    def __call__(self, function: str, payload: Any) -> Any:
        with self._changed:
            self.calls.append((function, payload))
            self.threads.append(threading.current_thread())
            answers = self._answers[function]
            answer = answers.pop(0) if answers else {}
            if isinstance(answer, Stall):
                self._stalls.append(answer)
            self._changed.notify_all()
        if isinstance(answer, Stall):
            assert answer.released.wait(_PATIENCE)
            answer = answer.answer
        if isinstance(answer, FunctionError):
            raise answer
        return answer

    def wait_for_calls(self, number: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.calls) >= number, _PATIENCE), self.calls

    def end(self) -> None:
        """Release whatever stalls, and wait for the threads."""
        for stall in self._stalls:
            stall.released.set()
        for thread in self.threads:
            thread.join(_PATIENCE)
            assert not thread.is_alive()


class Emulator:
    """A StepFunctions with what a test asks of it."""

    def __init__(self, path: Path, clock: Clock, functions: Invoke, jitter: float = 1.0) -> None:
        self.service = StepFunctions(path, clock, functions, Jitter(jitter))

    def start(self, source: str, value: Any, name: str = "one", machine: str = "machine") -> str:
        arn = self.service.create(machine, source)
        request = {"stateMachineArn": arn, "name": name, "input": json.dumps(value)}
        return str(self.service.call("StartExecution", request)["executionArn"])

    def describe(self, arn: str) -> dict[str, Any]:
        return self.service.call("DescribeExecution", {"executionArn": arn})

    def until(self, condition: Callable[[], bool]) -> None:
        changed = self.service._interpreter.changed
        with changed:
            assert changed.wait_for(condition, _PATIENCE)

    def end(self, arn: str) -> dict[str, Any]:
        """The execution's description, once it is over."""
        self.until(lambda: self.describe(arn)["status"] != "RUNNING")
        return self.describe(arn)

    def due(self, arn: str) -> float:
        """When the execution's sleep ends, once it sleeps."""
        self.until(lambda: self.journaled(arn).due is not None)
        return self.journaled(arn).due or 0.0

    def journaled(self, arn: str) -> Execution:
        execution = self.service._journal.find(arn)
        assert execution
        return execution

    def delays(self, arn: str, clock: FakeClock, number: int) -> list[float]:
        """Sleep through this many retries; how long each lasted."""
        delays: list[float] = []
        while len(delays) < number:
            self.until(lambda: sum(self.journaled(arn).tries) > len(delays))
            delays.append(self.due(arn) - clock.now())
            clock.advance(delays[-1])
        return delays


@contextmanager
def emulator(
    path: Path, clock: Clock, functions: Invoke, jitter: float = 1.0
) -> Iterator[Emulator]:
    running = Emulator(path, clock, functions, jitter)
    running.service.start()
    yield running
    running.service.stop()
    if isinstance(functions, Functions):
        functions.end()


def task(function: str = "work", **fields: Any) -> dict[str, Any]:
    after = {} if {"Next", "End"} & fields.keys() else {"End": True}
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": function, "Payload": {}},
        **after,
        **fields,
    }


def machine(start: str, **states: Any) -> str:
    return json.dumps({"StartAt": start, "States": states})


SUCCEED = {"Type": "Succeed"}


def error(type: str, message: str = "it failed") -> FunctionError:  # noqa: A002 - as FunctionError's
    return FunctionError(type, message)
