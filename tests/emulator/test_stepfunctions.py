"""The interpreter's rules: results, Retry, Catch, Choice and Wait."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.emulator.state_machines import SUCCEED, Functions, Stall, emulator, error, machine, task
from tests.fake_clock import FakeClock

NOW = 1_800_000_000.0


# Results


@pytest.mark.parametrize(
    ("fields", "output"),
    [
        ({}, {"ExecutedVersion": "$LATEST", "Payload": {"a.$": 1}, "StatusCode": 200}),
        ({"ResultPath": None}, {"old": 1}),
        ({"ResultPath": "$.new.x", "ResultSelector": {"v": 7}}, {"old": 1, "new": {"x": {"v": 7}}}),
        ({"ResultSelector": {"l": [{"p.$": "$.Payload"}, 2]}}, {"l": [{"p": {"a.$": 1}}, 2]}),
    ],
)
def test_what_becomes_of_a_result(
    path: Path, clock: FakeClock, fields: dict[str, Any], output: Any
) -> None:
    """ResultSelector picks from lambda:invoke's result, ResultPath places it in the input."""
    functions = Functions(work=[{"a.$": 1}])
    with emulator(path, clock, functions) as running:
        ended = running.end(running.start(machine("A", A=task(**fields)), {"old": 1}))
    assert json.loads(ended["output"]) == output


def test_a_result_without_a_place_is_an_error_that_catch_catches(
    path: Path, clock: FakeClock
) -> None:
    """ResultPath through a string is States.ResultPathMatchFailure."""
    catch = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.e", "Next": "B"}]
    source = machine("A", A=task(ResultPath="$.old.x", Catch=catch), B=SUCCEED)
    with emulator(path, clock, Functions()) as running:
        ended = running.end(running.start(source, {"old": "text"}))
    assert json.loads(ended["output"])["e"]["Error"] == "States.ResultPathMatchFailure"


def test_a_function_cannot_change_the_execution(path: Path, clock: FakeClock) -> None:
    """The payload is the function's own: what it does to it is not seen."""

    def scribble(function: str, payload: Any) -> Any:
        payload["all"]["old"] = "changed"
        return {}

    work = task(ResultPath=None, Parameters={"FunctionName": "f", "Payload": {"all.$": "$"}})
    with emulator(path, clock, scribble) as running:
        ended = running.end(running.start(machine("A", A=work), {"old": 1}))
    assert json.loads(ended["output"]) == {"old": 1}


def test_too_much_data_fails_the_execution(path: Path, clock: FakeClock) -> None:
    """More than 262,144 characters of result is States.DataLimitExceeded, which nothing catches."""
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "A"}]
    functions = Functions(work=["x" * 262_144])
    with emulator(path, clock, functions) as running:
        ended = running.end(running.start(machine("A", A=task(ResultPath=None, Catch=catch)), {}))
    assert ended["error"] == "States.DataLimitExceeded"


# Retry and Catch


@pytest.mark.parametrize(
    ("names", "raised", "caught"),
    [
        (["E"], "E", True),
        (["E"], "F", False),
        (["F", "E"], "E", True),
        (["States.TaskFailed"], "E", True),
        (["States.TaskFailed"], "Lambda.TooManyRequestsException", True),
        (["States.TaskFailed"], "States.Timeout", False),
        (["States.TaskFailed", "States.Timeout"], "States.Timeout", True),
        (["States.Timeout"], "E", False),
        (["States.ALL"], "E", True),
        (["States.ALL"], "States.Timeout", True),
        (["States.ALL"], "States.Runtime", False),
        (["States.TaskFailed"], "States.Runtime", False),
    ],
)
def test_which_errors_a_catch_means(
    path: Path, clock: FakeClock, names: list[str], raised: str, *, caught: bool
) -> None:
    """States.TaskFailed: all but time-outs. States.ALL: those too. Neither: States.Runtime."""
    answer = {"States.Timeout": Stall(), "States.Runtime": {}}.get(raised, error(raised))
    functions = Functions(work=[answer])
    selector = {"x.$": "$.missing"}
    catch = [{"ErrorEquals": names, "Next": "B"}]
    with emulator(path, clock, functions) as running:
        work = task(Catch=catch, TimeoutSeconds=9, ResultSelector=selector)
        arn = running.start(machine("A", A=work, B=SUCCEED), {})
        functions.wait_for_calls(1)
        if isinstance(answer, Stall):
            clock.advance(9)
        ended = running.end(arn)
    assert ended["status"] == ("SUCCEEDED" if caught else "FAILED")
    assert caught or ended["error"] == raised
    assert not caught or json.loads(ended["output"])["Error"] == raised


def test_the_first_catch_that_matches_is_given_the_error(path: Path, clock: FakeClock) -> None:
    """Its ResultPath places Error and Cause; the cause is what Lambda reports."""
    catch = [
        {"ErrorEquals": ["F"], "Next": "A"},
        {"ErrorEquals": ["E"], "ResultPath": "$.failure", "Next": "B"},
        {"ErrorEquals": ["States.ALL"], "Next": "A"},
    ]
    functions = Functions(work=[error("E", "no luck")])
    with emulator(path, clock, functions) as running:
        ended = running.end(running.start(machine("A", A=task(Catch=catch), B=SUCCEED), {"a": 1}))
    output = json.loads(ended["output"])
    assert output["a"] == 1
    assert output["failure"]["Error"] == "E"
    assert json.loads(output["failure"]["Cause"]) == {"errorMessage": "no luck", "errorType": "E"}


def test_an_error_that_nothing_catches_fails_the_execution(path: Path, clock: FakeClock) -> None:
    """DescribeExecution then tells error and cause, and no output."""
    with emulator(path, clock, Functions(work=[error("E", "no luck")])) as running:
        ended = running.end(running.start(machine("A", A=task()), {}))
    assert (ended["status"], ended["error"], ended["stopDate"]) == ("FAILED", "E", NOW)
    assert "no luck" in ended["cause"]
    assert "output" not in ended


def test_the_first_retrier_that_matches_decides(path: Path, clock: FakeClock) -> None:
    """Used up, it leaves the error to Catch, not to the next retrier."""
    retry = [{"ErrorEquals": ["E"], "MaxAttempts": 0}, {"ErrorEquals": ["States.ALL"]}]
    functions = Functions(work=[error("E")])
    with emulator(path, clock, functions) as running:
        ended = running.end(running.start(machine("A", A=task(Retry=retry)), {}))
    assert (ended["status"], len(functions.calls)) == ("FAILED", 1)


def test_the_defaults_of_a_retrier(path: Path, clock: FakeClock) -> None:
    """Three attempts, after 1, 2 and 4 seconds."""
    functions = Functions(work=[error("E")] * 4)
    with emulator(path, clock, functions) as running:
        arn = running.start(machine("A", A=task(Retry=[{"ErrorEquals": ["States.ALL"]}])), {})
        assert running.delays(arn, clock, 3) == [1, 2, 4]
        assert running.end(arn)["status"] == "FAILED"


def test_counters_start_anew_when_the_state_is_entered_anew(path: Path, clock: FakeClock) -> None:
    """One attempt each time: two failures in two visits are both retried."""
    retry = [{"ErrorEquals": ["E"], "MaxAttempts": 1}]
    again = [{"Variable": "$.Payload", "StringEquals": "again", "Next": "A"}]
    source = machine(
        "A",
        A=task(Retry=retry, Next="B"),
        B={"Type": "Choice", "Choices": again, "Default": "C"},
        C=SUCCEED,
    )
    functions = Functions(work=[error("E"), "again", error("E"), "enough"])
    with emulator(path, clock, functions) as running:
        arn = running.start(source, {})
        assert running.due(arn) == NOW + 1
        clock.advance(1)
        functions.wait_for_calls(3)
        running.until(lambda: sum(running.journaled(arn).tries) == 1)
        assert running.due(arn) == NOW + 2
        clock.advance(1)
        assert running.end(arn)["status"] == "SUCCEEDED"


def test_full_jitter_stays_within_the_delay(path: Path, clock: FakeClock) -> None:
    """JitterStrategy FULL draws between nothing and the delay from the random source given."""
    retry = [{"ErrorEquals": ["E"], "IntervalSeconds": 3, "JitterStrategy": "FULL"}]
    functions = Functions(work=[error("E"), error("E")])
    with emulator(path, clock, functions, jitter=0.5) as running:
        arn = running.start(machine("A", A=task(Retry=retry)), {})
        assert running.delays(arn, clock, 2) == [1.5, 3]


def test_back_off_without_end_stays_finite(path: Path, clock: FakeClock) -> None:
    """A delay is capped by MaxDelaySeconds however large the power has become."""
    retry = [{"ErrorEquals": ["E"], "BackoffRate": 1e300, "MaxDelaySeconds": 5, "MaxAttempts": 4}]
    with emulator(path, clock, Functions(work=[error("E")] * 5)) as running:
        arn = running.start(machine("A", A=task(Retry=retry)), {})
        assert running.delays(arn, clock, 4) == [1, 5, 5, 5]


# Choice and Wait


@pytest.mark.parametrize("value", ["b", 1, None, ["a"]])
def test_a_choice_without_a_match_and_a_default_fails(
    path: Path, clock: FakeClock, value: Any
) -> None:
    """States.NoChoiceMatched; what is no string equals none."""
    choice = {
        "Type": "Choice",
        "Choices": [{"Variable": "$.v", "StringEquals": "a", "Next": "B"}],
    }
    with emulator(path, clock, Functions()) as running:
        ended = running.end(running.start(machine("A", A=choice, B=SUCCEED), {"v": value}))
    assert ended["error"] == "States.NoChoiceMatched"


def test_a_wait_of_seconds(path: Path, clock: FakeClock) -> None:
    """Seconds count from when the state is entered."""
    with emulator(path, clock, Functions()) as running:
        arn = running.start(machine("A", A={"Type": "Wait", "Seconds": 30, "End": True}), {"a": 1})
        assert running.due(arn) == NOW + 30
        clock.advance(30)
        assert json.loads(running.end(arn)["output"]) == {"a": 1}


@pytest.mark.parametrize(
    "until", ["2027-02-30T08:00:00Z", "2027-01-15T08:00:00", "2027-01-15", "", 1_800_000_000, None]
)
def test_a_timestamp_that_is_none_fails_the_execution(
    path: Path, clock: FakeClock, until: Any
) -> None:
    """RFC 3339 with a zone, and a day that exists; anything else is States.Runtime."""
    wait = {"Type": "Wait", "TimestampPath": "$.until", "End": True}
    with emulator(path, clock, Functions()) as running:
        ended = running.end(running.start(machine("A", A=wait), {"until": until}))
    assert ended["error"] == "States.Runtime"


# The wall clock is set


@pytest.mark.parametrize("by", [-600, 600])
@pytest.mark.parametrize(
    ("state", "seconds"),
    [
        ({"Type": "Wait", "Seconds": 30, "End": True}, 30),
        (task(TimeoutSeconds=30), 30),
        (task("fails", Retry=[{"ErrorEquals": ["E"], "IntervalSeconds": 30}]), 30),
    ],
)
def test_intervals_when_the_clock_is_set(
    path: Path, clock: FakeClock, state: Any, seconds: float, by: float
) -> None:
    """A Wait of seconds, a time-out and the delay of a retry last as long as they should."""
    with emulator(path, clock, Functions(work=[Stall()], fails=[error("E")])) as running:
        arn = running.start(machine("A", A=state), {})
        if "TimeoutSeconds" not in state:
            running.due(arn)
        clock.set_wall(by)
        clock.advance(seconds - 1)
        assert running.describe(arn)["status"] == "RUNNING"
        clock.advance(1)
        assert running.end(arn)["status"] in ("SUCCEEDED", "FAILED")


def test_a_timestamp_when_the_clock_is_set(path: Path, clock: FakeClock) -> None:
    """It is a time of the wall clock: it comes when that shows it, a second later at most."""
    wait = {"Type": "Wait", "TimestampPath": "$.until", "End": True}
    with emulator(path, clock, Functions()) as running:
        arn = running.start(machine("A", A=wait), {"until": "2027-01-15T08:10:00Z"})
        assert running.due(arn) == NOW + 600
        clock.set_wall(-60)
        clock.advance(600)
        assert running.describe(arn)["status"] == "RUNNING"
        clock.set_wall(60)
        clock.advance(1)
        assert running.end(arn)["status"] == "SUCCEEDED"
