"""The service: state machines are created here, executions started and described."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any

from infra.local.aws.aws_error import AwsError, Unsupported
from infra.local.aws.function_error import Invoke
from infra.local.aws.stepfunctions.execution import Execution
from infra.local.aws.stepfunctions.interpreter import Interpreter
from infra.local.aws.stepfunctions.journal import Journal
from threadkeep.domain.clock import Clock

_ARN = "arn:aws:states:us-east-1:000000000000"
_NAME = re.compile(r"[^\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]{1,80}")
_LARGEST_INPUT = 262_144  # bytes
_NAMES_KEPT = 90 * 24 * 3600  # seconds after its end that an execution can be described

StatesRequest = Mapping[str, Any]
StatesResponse = dict[str, Any]


class StepFunctions:
    """One SQLite file of state machines and executions, and the threads that run them.

    A name is an execution: however often and by however many it is started, it runs once.
    """

    def __init__(
        self,
        path: Path,
        clock: Clock,
        invoke: Invoke,
        random: Random | None = None,
        *,
        durable: bool = False,
    ) -> None:
        self._clock = clock
        self._journal = Journal(path, durable=durable)
        self._interpreter = Interpreter(self._journal, clock, invoke, random or Random())
        self._operations: Mapping[str, Callable[[StatesRequest], StatesResponse]] = {
            "StartExecution": self._start_execution,
            "DescribeExecution": self._describe_execution,
        }

    def create(self, name: str, definition: str) -> str:
        """Make a state machine of well-formed ASL, or update it; returns its ARN.

        To be updated before `start`: executions that were begun with another definition are
        forgotten, and `recover` begins them anew.
        """
        arn = f"{_ARN}:stateMachine:{_name(name)}"
        with self._interpreter.changed:
            self._journal.define(arn, definition)
            self._interpreter.definitions[arn] = json.loads(definition)
        return arn

    def recover(
        self, machine: str, group: str, name: str, input_: str, *, keep_running: bool
    ) -> None:
        """Have the execution `name` run, and forget all others whose names begin with `group`.

        To be called before `start`, for what the data says must be going: the file of executions
        may be older or newer than the data, or lost. `keep_running`: if it runs, it goes on where
        it is; else it begins anew.
        """
        prefix = machine.replace(":stateMachine:", ":execution:") + ":"
        with self._interpreter.changed:
            self._journal.forget_group(
                f"{prefix}{group}", f"{prefix}{name}" if keep_running else ""
            )
            if self._journal.find(f"{prefix}{name}") is None:
                self._start_execution({"stateMachineArn": machine, "name": name, "input": input_})

    def start(self) -> None:
        """Go on with what was running when the process ended."""
        with self._interpreter.changed:
            self._journal.forget(self._clock.now() - _NAMES_KEPT)
        self._interpreter.start()

    def stop(self) -> None:
        """Start nothing more. A function under way is left alone; its Task runs again next time."""
        self._interpreter.stop()
        self._journal.close()

    def call(self, operation: str, request: StatesRequest) -> StatesResponse:
        """Answer a request of the service's JSON protocol; raises AwsError."""
        if operation not in self._operations:
            raise Unsupported(f"the Step Functions operation {operation}")
        with self._interpreter.changed:
            if self._interpreter.stopped:
                raise AwsError("ServiceUnavailable", "Step Functions is stopped", status=503)
            return self._operations[operation](request)

    def _start_execution(self, request: StatesRequest) -> StatesResponse:
        _only(request, "stateMachineArn", "name", "input")
        if "name" not in request:
            raise Unsupported("StartExecution without a name")
        machine, name, text = request["stateMachineArn"], _name(request["name"]), _input(request)
        definition = self._interpreter.definitions.get(machine)
        if definition is None:
            raise AwsError("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{machine}'")
        arn = f"{machine.replace(':stateMachine:', ':execution:')}:{name}"
        execution = self._journal.find(arn)
        if execution is None:
            now = self._clock.now()
            execution = Execution(arn, machine, text, now, definition["StartAt"], data=text)
            self._interpreter.begin(execution)
        elif execution.status != "RUNNING" or execution.input != text:
            raise AwsError("ExecutionAlreadyExists", f"Execution Already Exists: '{arn}'")
        else:
            self._interpreter.go_on(execution)  # journalled by a call that was answered by an error
        return {"executionArn": arn, "startDate": execution.started}

    def _describe_execution(self, request: StatesRequest) -> StatesResponse:
        _only(request, "executionArn")
        execution = self._journal.find(request["executionArn"])
        if execution is None:
            arn = request["executionArn"]
            raise AwsError("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
        described = {
            "executionArn": execution.arn,
            "stateMachineArn": execution.machine,
            "name": execution.arn.rpartition(":")[2],
            "status": execution.status,
            "startDate": execution.started,
            "stopDate": execution.stopped,
            "input": execution.input,
            "output": execution.data if execution.status == "SUCCEEDED" else None,
            "error": execution.error,
            "cause": execution.cause,
        }
        return {name: value for name, value in described.items() if value is not None}


def _only(request: StatesRequest, *names: str) -> None:
    for name in request:
        if name not in names:
            raise Unsupported(f"the parameter {name!r}")


def _name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise AwsError("InvalidName", f"Invalid Name: '{name}'")
    return name


def _input(request: StatesRequest) -> str:
    """The execution's input. A refusal never repeats it."""
    text: str = request.get("input", "{}")
    try:
        json.loads(text)
        fits = len(text.encode()) <= _LARGEST_INPUT
    except (ValueError, RecursionError):
        fits = False
    if not fits:
        raise AwsError("InvalidExecutionInput", "Invalid State Machine Execution Input")
    return text
