"""Many executions at once, and their names."""

import json
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from infra.local.aws.aws_error import AwsError
from tests.emulator.state_machines import (
    SUCCEED,
    Emulator,
    Functions,
    Stall,
    emulator,
    machine,
    task,
)
from tests.fake_clock import FakeClock

NOW = 1_800_000_000.0


# Threads


def test_stalled_tasks_hold_up_neither_timers_nor_other_tasks(path: Path, clock: FakeClock) -> None:
    """With 100 functions that do not answer, a Task, a Wait and 100 time-outs are on time."""
    functions = Functions(model=[Stall() for _ in range(100)])
    catch = [{"ErrorEquals": ["States.Timeout"], "ResultPath": None, "Next": "B"}]
    model = machine("A", A=task("model", TimeoutSeconds=2, Catch=catch), B=task("settle"))
    wait = machine("A", A={"Type": "Wait", "Seconds": 1, "Next": "B"}, B=task("settle"))
    with emulator(path, clock, functions) as running:
        arns = [running.start(model, {}, f"model-{n}", "model") for n in range(100)]
        functions.wait_for_calls(100)
        waiting = running.start(wait, {}, machine="wait")
        assert running.end(running.start(machine("A", A=task()), {}))["status"] == "SUCCEEDED"
        running.due(waiting)
        clock.advance(1)
        assert running.end(waiting)["stopDate"] == NOW + 1
        assert {running.describe(arn)["status"] for arn in arns} == {"RUNNING"}
        clock.advance(1)
        assert {running.end(arn)["stopDate"] for arn in arns} == {NOW + 2}


def test_stop_leaves_no_thread_but_the_functions(path: Path, clock: FakeClock) -> None:
    """After `stop` the timer is gone, an answer changes nothing, and requests are refused."""
    before = set(threading.enumerate())
    functions = Functions(work=[Stall({})])
    running = Emulator(path, clock, functions)
    running.service.start()
    running.start(machine("A", A=task(Next="B"), B=task("never")), {})
    functions.wait_for_calls(1)
    running.service.stop()
    assert set(threading.enumerate()) - before <= set(functions.threads)
    with pytest.raises(AwsError, match="ServiceUnavailable"):
        running.describe("any")
    functions.end()
    assert functions.calls == [("work", {})]


# Names


def test_starting_a_running_execution_again_answers_it(path: Path, clock: FakeClock) -> None:
    """Same name, same input: the same answer, and the function runs once."""
    functions = Functions(work=[Stall()])
    source = machine("A", A=task())
    with emulator(path, clock, functions) as running:
        arn = running.start(source, {"a": 1})
        clock.advance(1)
        request = {
            "stateMachineArn": running.service.create("machine", source),
            "name": "one",
            "input": json.dumps({"a": 1}),
        }
        again = running.service.call("StartExecution", request)
    assert again == {"executionArn": arn, "startDate": NOW}
    assert len(functions.calls) == 1


def test_racing_starts_of_one_name_run_it_once(path: Path, clock: FakeClock) -> None:
    """Of many that start one name at once all are answered the same."""
    functions = Functions(work=[Stall({})])
    source = machine("A", A=task())
    answers = []
    gate = threading.Barrier(8)
    with emulator(path, clock, functions) as running:
        running.service.create("machine", source)

        def start() -> None:
            gate.wait()
            answers.append(running.start(source, {}))

        threads = [threading.Thread(target=start) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        functions.wait_for_calls(1)
    assert (len(answers), len(set(answers)), len(functions.calls)) == (8, 1, 1)


@pytest.mark.parametrize(("over", "value"), [(False, {"a": 2}), (True, {"a": 1}), (True, {})])
def test_a_name_is_used_once(path: Path, clock: FakeClock, value: Any, *, over: bool) -> None:
    """Another input while it runs, or any input afterwards: ExecutionAlreadyExists."""
    functions = Functions(work=[{} if over else Stall({})])
    source = machine("A", A=task())
    with emulator(path, clock, functions) as running:
        arn = running.start(source, {"a": 1})
        if over:
            running.end(arn)
        with pytest.raises(AwsError) as refused:
            running.start(source, value)
    assert refused.value.code == "ExecutionAlreadyExists"


def test_executions_are_kept_for_90_days(path: Path, clock: FakeClock) -> None:
    """Then, at the next start, they are forgotten, as AWS forgets them."""
    source = machine("A", A=SUCCEED)
    with emulator(path, clock, Functions()) as running:
        running.end(running.start(source, {}))
        clock.advance(86_400)
        kept = running.start(source, {}, "two")
        running.end(kept)
    clock.advance(90 * 86_400)
    with emulator(path, clock, Functions()) as running:
        assert running.describe(kept)["status"] == "SUCCEEDED"
        with pytest.raises(AwsError, match="ExecutionDoesNotExist"):
            running.describe(kept.replace(":two", ":one"))


def test_an_update_begins_running_executions_anew(path: Path, clock: FakeClock) -> None:
    """None is ever in a state that its machine does not have; `recover` begins it anew."""
    wait = {"Type": "Wait", "Seconds": 1, "Next": "B"}
    with emulator(path, clock, Functions()) as running:
        old = running.start(machine("A", A=wait, B=task("old")), {})
        running.due(old)
    functions = Functions(new=[{}])
    updated = Emulator(path, clock, functions)
    arn = updated.service.create("machine", machine("N", N=task("new")))
    updated.service.recover(arn, "one", "one", "{}", keep_running=True)
    updated.service.start()
    updated.end(old)
    updated.service.stop()
    assert [function for function, _ in functions.calls] == ["new"]


def test_an_older_file_is_emptied(path: Path, clock: FakeClock) -> None:
    """What was running when an older version wrote it begins anew, too."""
    with closing(sqlite3.connect(path)) as file:
        file.execute("CREATE TABLE machines (arn PRIMARY KEY, definition NOT NULL)")
        file.execute("CREATE TABLE executions (arn PRIMARY KEY, definition)")
    with emulator(path, clock, Functions(new=[{}])) as running:
        running.end(running.start(machine("N", N=task("new")), {}))
