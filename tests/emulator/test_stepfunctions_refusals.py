"""What the interpreter refuses: requests, and definitions beyond or outside of what it carries."""

import json
from pathlib import Path
from typing import Any

import pytest

from infra.local.aws.aws_error import AwsError
from tests.emulator.state_machines import SUCCEED, Functions, emulator, machine, task
from tests.fake_clock import FakeClock

NOW = 1_800_000_000.0


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "executions.sqlite"


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


# Refusals of definitions


def _retry(**fields: Any) -> dict[str, Any]:
    return task(Retry=[{"ErrorEquals": ["E"], **fields}])


def _choice(**fields: Any) -> dict[str, Any]:
    rule = {"Variable": "$.v", "Next": "A", **fields}
    return {"Type": "Choice", "Choices": [rule], "Default": "A"}


def _payload(value: Any) -> dict[str, Any]:
    return task(Parameters={"FunctionName": "f", "Payload": value})


NOT_CARRIED = [
    ({"Type": "Pass", "End": True}, "'Pass'"),
    ({"Type": "Parallel"}, "'Parallel'"),
    ({"Type": "Map"}, "'Map'"),
    ({"Type": "Fail"}, "'Fail'"),
    ({"End": True}, "None"),
    ([], "None"),
    ({"Type": "Succeed", "OutputPath": "$"}, "'OutputPath'"),
    (task(InputPath="$"), "'InputPath'"),
    (task(HeartbeatSeconds=1), "'HeartbeatSeconds'"),
    (task(Credentials={}), "'Credentials'"),
    (task(Assign={}), "'Assign'"),
    (task(QueryLanguage="JSONata"), "'QueryLanguage'"),
    (task(Resource="arn:aws:states:::lambda:invoke.waitForTaskToken"), "waitForTaskToken"),
    (task(Resource="arn:aws:lambda:us-east-1:0:function:f"), "function:f"),
    (task(Resource="arn:aws:states:::dynamodb:putItem"), "putItem"),
    (task(Parameters={"FunctionName": "f", "InvocationType": "Event"}), "'InvocationType'"),
    (task(Parameters={"FunctionName.$": "$.f"}), "FunctionName"),
    (task(Parameters={"FunctionName": "f:1"}), "f:1"),
    (_payload({"a.$": "$$.Execution.Id"}), "Execution.Id"),
    (_payload({"a": [{"b.$": "States.UUID()"}]}), "States.UUID"),
    (_payload({"a.$": "$.b[0]"}), "b\\[0\\]"),
    (_payload({"a.$": "$..b"}), "b"),
    (_payload({"a.$": "$.*"}), "\\*"),
    (_payload({"a.$": "$variable"}), "variable"),
    (task(ResultPath="$.a[0]"), "ResultPath"),
    (task(TimeoutSecondsPath="$$.x"), "TimeoutSecondsPath"),
    (_retry(JitterStrategy="HALF"), "HALF"),
    (_retry(Other=1), "'Other'"),
    (task(Retry=[{"ErrorEquals": ["States.HeartbeatTimeout"]}]), "States.HeartbeatTimeout"),
    (task(Retry=[{"ErrorEquals": ["States.Runtime"]}]), "States.Runtime"),
    (task(Catch=[{"ErrorEquals": [""], "Next": "A"}]), "ErrorEquals"),
    (_choice(NumericEquals=1), "'NumericEquals'"),
    (_choice(StringEqualsPath="$.x"), "'StringEqualsPath'"),
    ({"Type": "Choice", "Choices": [{"And": [], "Next": "A"}]}, "'And'"),
    ({"Type": "Choice", "Choices": [{"Not": {}, "Next": "A"}]}, "'Not'"),
    ({"Type": "Wait", "SecondsPath": "$.s", "End": True}, "'SecondsPath'"),
    ({"Type": "Wait", "Timestamp": "2027-01-15T08:00:00Z", "End": True}, "'Timestamp'"),
]


@pytest.mark.parametrize(("state", "name"), NOT_CARRIED)
def test_what_is_not_carried_is_refused_by_name(
    path: Path, clock: FakeClock, state: Any, name: str
) -> None:
    """ASL that AWS has and we do not use is refused when the machine is made, by its name."""
    with (
        emulator(path, clock, Functions()) as running,
        pytest.raises(AwsError, match=name) as refused,
    ):
        running.service.create("machine", machine("A", A=state))
    assert refused.value.code == "ValidationException"


NOT_ASL = [
    "{",
    "[" * 100_000,
    "[]",
    json.dumps({"StartAt": "A"}),
    json.dumps({"StartAt": "A", "States": []}),
    json.dumps({"StartAt": "A", "States": {}}),
    machine("B", A=SUCCEED),
    machine("A", A=task(Next="B")),
    machine("A", A=task(Next="A", End=True)),
    machine("A", A=task(End=False)),
    machine("A", A=task(Next=None)),
    machine("A", A={**task(), "Parameters": {}}),
    machine("A", A={"Type": "Task", "End": True}),
    machine("A", A=task(TimeoutSeconds=0)),
    machine("A", A=task(TimeoutSeconds=True)),
    machine("A", A=task(TimeoutSeconds=1.5)),
    machine("A", A=task(TimeoutSeconds=1, TimeoutSecondsPath="$.t")),
    machine("A", A=task(Retry=[])),
    machine("A", A=task(Retry={})),
    machine("A", A=task(Retry=[{}])),
    machine("A", A=task(Retry=[{"ErrorEquals": []}])),
    machine("A", A=task(Retry=[{"ErrorEquals": [1]}])),
    machine("A", A=task(Retry=[{"ErrorEquals": ["States.ALL", "E"]}])),
    machine("A", A=task(Retry=[{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["E"]}])),
    machine("A", A=_retry(IntervalSeconds=0)),
    machine("A", A=_retry(MaxAttempts=-1)),
    machine("A", A=_retry(BackoffRate=0.5)),
    machine("A", A=_retry(BackoffRate="2")),
    machine("A", A=_retry(MaxDelaySeconds=0)),
    machine("A", A=task(Catch=[{"ErrorEquals": ["E"]}])),
    machine("A", A=task(Catch=[{"ErrorEquals": ["E"], "Next": "B"}])),
    machine("A", A={"Type": "Choice", "Choices": []}),
    machine("A", A=_choice()),
    machine("A", A=_choice(StringEquals=1)),
    machine("A", A={**_choice(StringEquals="a"), "Default": "B"}),
    machine("A", A=_choice(StringEquals="a", Next="B")),
    machine("A", A={"Type": "Wait", "End": True}),
    machine("A", A={"Type": "Wait", "Seconds": 1, "TimestampPath": "$.t", "End": True}),
    machine("A", A={"Type": "Wait", "Seconds": -1, "End": True}),
]


@pytest.mark.parametrize("source", NOT_ASL)
def test_what_is_no_asl_is_refused(path: Path, clock: FakeClock, source: str) -> None:
    """A definition that AWS would refuse never becomes a state machine."""
    with emulator(path, clock, Functions()) as running, pytest.raises(AwsError) as refused:
        running.service.create("machine", source)
    assert refused.value.code == "InvalidDefinition"


def test_a_state_machine_needs_a_name(path: Path, clock: FakeClock) -> None:
    """Of the characters that AWS takes."""
    with (
        emulator(path, clock, Functions()) as running,
        pytest.raises(AwsError, match="InvalidName"),
    ):
        running.service.create("a b", machine("A", A=SUCCEED))
