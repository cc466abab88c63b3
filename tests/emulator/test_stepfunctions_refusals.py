"""What the emulated Step Functions refuses: requests."""

from pathlib import Path

import pytest

from infra.local.aws.aws_error import AwsError
from tests.emulator.state_machines import SUCCEED, Functions, emulator, machine
from tests.fake_clock import FakeClock

NOW = 1_800_000_000.0


# Refusals of requests

OK = {"stateMachineArn": "arn:aws:states:us-east-1:000000000000:stateMachine:machine", "name": "n"}


@pytest.mark.parametrize(
    ("operation", "request_", "refusal"),
    [
        ("StopExecution", {}, "the Step Functions operation StopExecution"),
        ("StartExecution", {**OK, "traceHeader": "x"}, "the parameter 'traceHeader'"),
        ("StartExecution", {"stateMachineArn": OK["stateMachineArn"]}, "without a name"),
        ("StartExecution", {**OK, "name": ""}, "InvalidName"),
        ("StartExecution", {**OK, "name": "a" * 81}, "InvalidName"),
        ("StartExecution", {**OK, "name": "a b"}, "InvalidName"),
        ("StartExecution", {**OK, "name": "a:b"}, "InvalidName"),
        ("StartExecution", {**OK, "input": "{"}, "InvalidExecutionInput"),
        ("StartExecution", {**OK, "input": "[" * 100_000}, "InvalidExecutionInput"),
        ("StartExecution", {**OK, "input": f'"{"x" * 262_144}"'}, "InvalidExecutionInput"),
        ("StartExecution", {**OK, "input": '"\ud800"'}, "InvalidExecutionInput"),
        ("StartExecution", {**OK, "stateMachineArn": "other"}, "StateMachineDoesNotExist"),
        ("DescribeExecution", {"executionArn": "other"}, "ExecutionDoesNotExist"),
        ("DescribeExecution", {"executionArn": "x", "includedData": "y"}, "'includedData'"),
    ],
)
def test_requests_that_are_refused(
    path: Path, clock: FakeClock, operation: str, request_: dict[str, str], refusal: str
) -> None:
    """What AWS refuses by its name, what is not carried by ours; the input is not repeated."""
    with emulator(path, clock, Functions()) as running:
        running.service.create("machine", machine("A", A=SUCCEED))
        with pytest.raises(AwsError, match=refusal) as refused:
            running.service.call(operation, request_)
    assert request_.get("input", "?") not in str(refused.value)


def test_a_state_machine_needs_a_name(path: Path, clock: FakeClock) -> None:
    """Of the characters that AWS takes."""
    with (
        emulator(path, clock, Functions()) as running,
        pytest.raises(AwsError, match="InvalidName"),
    ):
        running.service.create("a b", machine("A", A=SUCCEED))
