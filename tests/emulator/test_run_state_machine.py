"""The run's state machine, as deployed, on the interpreter."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from infra.local.aws.stepfunctions.paths import PATH
from tests.emulator.state_machines import RUN, Functions, Stall, emulator, error
from tests.fake_clock import FakeClock

NOW = 1_800_000_000.0
INPUT = {"run": {"thread_id": "thread_1", "run_id": "run_1", "leg": 1}, "timeout": 605}
DONE = {"next": "done", "until": None}
EXECUTE = ("executor", {"action": "execute", "run": INPUT["run"]})
SETTLE = ("executor", {"action": "settle", "run": INPUT["run"]})


def test_a_run_that_is_done_ends(path: Path, clock: FakeClock) -> None:
    """Execute gets the action and the run; `done` succeeds, with the answer beside the input."""
    functions = Functions(executor=[DONE])
    with emulator(path, clock, functions) as running:
        ended = running.end(running.start(RUN, INPUT))
    assert functions.calls == [EXECUTE]
    assert ended["status"] == "SUCCEEDED"
    assert json.loads(ended["output"]) == {**INPUT, "answer": DONE}


def test_a_run_that_waits_is_settled_at_its_deadline(path: Path, clock: FakeClock) -> None:
    """`wait` sleeps until exactly the timestamp given, then settles, as often as it is told to."""
    first = {"next": "wait", "until": "2027-01-15T08:10:00Z"}
    second = {"next": "wait", "until": "2027-01-15T08:20:00.500+00:00"}
    functions = Functions(executor=[first, second, DONE])
    with emulator(path, clock, functions) as running:
        arn = running.start(RUN, INPUT)
        assert running.due(arn) == NOW + 600
        clock.advance(600)
        running.until(
            lambda: running.journaled(arn).state == "Wait" and running.due(arn) > NOW + 600
        )
        assert running.due(arn) == NOW + 1200.5
        clock.advance(600.5)
        assert running.end(arn)["status"] == "SUCCEEDED"
    assert functions.calls == [EXECUTE, SETTLE, SETTLE]


def test_superseded_is_retried_with_back_off_then_settled(path: Path, clock: FakeClock) -> None:
    """Eight retries, doubled from 1 s and capped at 30 s; then Settle with the input unchanged."""
    functions = Functions(executor=[error("Superseded")] * 9 + [DONE])
    with emulator(path, clock, functions) as running:
        arn = running.start(RUN, INPUT)
        assert running.delays(arn, clock, 8) == [1, 2, 4, 8, 16, 30, 30, 30]
        assert running.end(arn)["status"] == "SUCCEEDED"
    assert functions.calls == [EXECUTE] * 9 + [SETTLE]


def test_a_crash_is_retried_once(path: Path, clock: FakeClock) -> None:
    """An error that no list names falls to States.TaskFailed, which counts for itself."""
    crashes = [error("Superseded"), error("KeyError"), error("Superseded"), error("KeyError")]
    functions = Functions(executor=[*crashes, DONE])
    with emulator(path, clock, functions) as running:
        arn = running.start(RUN, INPUT)
        assert running.delays(arn, clock, 3) == [1, 1, 2]
        running.end(arn)
    assert functions.calls == [EXECUTE] * 4 + [SETTLE]


def test_a_timeout_of_execute_is_not_retried(path: Path, clock: FakeClock) -> None:
    """States.TaskFailed does not mean States.Timeout: on to Settle."""
    functions = Functions(executor=[Stall(), DONE])
    with emulator(path, clock, functions) as running:
        arn = running.start(RUN, INPUT)
        functions.wait_for_calls(1)
        clock.advance(605)
        ended = running.end(arn)
    assert json.loads(ended["output"])["answer"] == DONE
    assert functions.calls == [EXECUTE, SETTLE]


@pytest.mark.parametrize("late", [{"next": "wait", "until": "2027-01-15T08:10:00Z"}, error("E")])
def test_an_answer_after_its_timeout_is_dropped(path: Path, clock: FakeClock, late: Any) -> None:
    """Execute answers while Settle is under way: Settle's own answer decides, and only that."""
    execute, settle = Stall(late), Stall(DONE)
    functions = Functions(executor=[execute, settle])
    with emulator(path, clock, functions) as running:
        arn = running.start(RUN, INPUT)
        functions.wait_for_calls(1)
        clock.advance(605)
        functions.wait_for_calls(2)
        execute.released.set()
        functions.threads[0].join(10)
        assert running.journaled(arn).state == "Settle"
        assert running.journaled(arn).due is None
        settle.released.set()
        assert json.loads(running.end(arn)["output"])["answer"] == DONE
    assert functions.calls == [EXECUTE, SETTLE]


def test_a_retry_has_its_own_timeout(path: Path, clock: FakeClock) -> None:
    """An attempt that follows a failed one times out in its turn."""
    functions = Functions(executor=[error("Superseded"), Stall(), DONE])
    with emulator(path, clock, functions) as running:
        arn = running.start(RUN, INPUT)
        running.delays(arn, clock, 1)
        functions.wait_for_calls(2)
        clock.advance(605)
        assert running.end(arn)["stopDate"] == NOW + 606
    assert functions.calls == [EXECUTE, EXECUTE, SETTLE]


def test_a_timeout_of_settle_is_retried(path: Path, clock: FakeClock) -> None:
    """States.ALL in a Retry repeats time-outs too."""
    functions = Functions(executor=[error("A"), error("A"), Stall(), DONE])
    with emulator(path, clock, functions) as running:
        arn = running.start(RUN, INPUT)
        running.delays(arn, clock, 1)
        functions.wait_for_calls(3)
        clock.advance(60)
        assert running.due(arn) == clock.now() + 1
        clock.advance(1)
        assert running.end(arn)["status"] == "SUCCEEDED"
    assert functions.calls == [EXECUTE, EXECUTE, SETTLE, SETTLE]


@pytest.mark.parametrize("timeout", [0, -1, 1.5, True, "5", None])
def test_a_bad_timeout_fails_the_execution(path: Path, clock: FakeClock, timeout: Any) -> None:
    """A time-out that is no positive whole number is States.Runtime, and no Catch catches it."""
    functions = Functions()
    with emulator(path, clock, functions) as running:
        ended = running.end(running.start(RUN, {**INPUT, "timeout": timeout}))
    assert (ended["status"], ended["error"], functions.calls) == ("FAILED", "States.Runtime", [])


@pytest.mark.parametrize(
    "answer", [{}, {"next": "done"}, "done", None, {"next": "wait", "until": "2027-01-15 08:00"}]
)
def test_an_answer_without_its_fields_fails_the_execution(
    path: Path, clock: FakeClock, answer: Any
) -> None:
    """A path that finds nothing, and a timestamp that is none, are States.Runtime."""
    with emulator(path, clock, Functions(executor=[answer])) as running:
        ended = running.end(running.start(RUN, INPUT))
    assert (ended["status"], ended["error"]) == ("FAILED", "States.Runtime")


CARRIED = {
    "Task": (
        "Resource Parameters ResultSelector ResultPath TimeoutSeconds TimeoutSecondsPath"
        " Retry Catch Next End"
    ),
    "Choice": "Choices Default",
    "Wait": "Seconds TimestampPath Next End",
    "Succeed": "",
}
WITHIN = {
    "Parameters": {"FunctionName", "Payload"},
    "Retry": {
        *("ErrorEquals", "IntervalSeconds", "MaxAttempts", "BackoffRate"),
        *("MaxDelaySeconds", "JitterStrategy"),
    },
    "Catch": {"ErrorEquals", "ResultPath", "Next"},
    "Choices": {"Variable", "StringEquals", "Next"},
}


def test_the_emulator_carries_all_that_the_definition_uses() -> None:
    """It does not look: what it does not know it would pass over in silence."""
    states = json.loads(RUN)["States"]
    for state in states.values():
        assert state.keys() <= {"Type", *CARRIED[state["Type"]].split()}
        for name in WITHIN.keys() & state.keys():
            given = state[name] if isinstance(state[name], list) else [state[name]]
            assert all(each.keys() <= WITHIN[name] for each in given)
        targets = [state.get("Next"), state.get("Default")]
        targets += [each["Next"] for key in ("Choices", "Catch") for each in state.get(key, ())]
        assert {*filter(None, targets)} <= states.keys()
    paths = re.findall(r'"(?:\w+\.\$|ResultPath|\w+Path|Variable)": *"([^"]*)"', RUN)
    assert len(paths) > len(states)
    assert all(re.fullmatch(PATH, path) for path in paths)
