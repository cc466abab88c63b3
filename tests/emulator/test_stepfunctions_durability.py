"""Executions outlive kill -9: each test lets a child process get so far, kills it, and goes on."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent

from tests.emulator.state_machines import Functions, Stall, emulator, error, machine
from tests.fake_clock import FakeClock
from threadkeep.domain.clock import SystemClock

NOW = 1_800_000_000.0
ROOT = Path(__file__).parents[2]
INPUT = {"run": {"run_id": "run_1"}, "timeout": 10}
DONE = {"next": "done", "until": None}
PRELUDE = """
import sys, threading
from pathlib import Path
from tests.emulator.state_machines import *
from tests.fake_clock import FakeClock
from threadkeep.domain.clock import SystemClock
path, clock = Path(sys.argv[1]), FakeClock()
INPUT = {"run": {"run_id": "run_1"}, "timeout": 10}
def tell(text):
    print(text, flush=True)
def sleep(text):
    tell(text)
    threading.Event().wait()
"""


@contextmanager
def child(path: Path, program: str) -> Iterator[Iterator[str]]:
    """Run a program on the file in a process of its own: the lines that it prints. Then kill -9."""
    source = PRELUDE + dedent(program)
    command = [sys.executable, "-W", "error", "-c", source, str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield (line.rstrip("\n") for line in process.stdout)
        finally:
            process.kill()


def test_a_wait_keeps_its_absolute_end(path: Path) -> None:
    """Killed in a Wait, woken at the time that was journaled; no Task before it runs again."""
    program = """
        functions = Functions(executor=[{"next": "wait", "until": "2027-01-15T08:10:00Z"}])
        with emulator(path, clock, functions) as running:
            arn = running.start(RUN, INPUT)
            running.due(arn)
            sleep(arn)
    """
    with child(path, program) as lines:
        arn = next(lines)
    clock = FakeClock(NOW + 400)
    functions = Functions(executor=[DONE])
    with emulator(path, clock, functions) as running:
        assert running.due(arn) == NOW + 600
        clock.advance(200)
        ended = running.end(arn)
    assert (ended["status"], ended["stopDate"]) == ("SUCCEEDED", NOW + 600)
    assert functions.calls == [("executor", {"action": "settle", "run": INPUT["run"]})]


def test_a_wait_that_ended_meanwhile_is_over_at_once(path: Path) -> None:
    """Killed in a Wait, started after its end: it goes on without any clock moving."""
    program = """
        wait = {"Type": "Wait", "Seconds": 5, "Next": "B"}
        with emulator(path, clock, Functions()) as running:
            arn = running.start(machine("A", A=wait, B=SUCCEED), {})
            running.due(arn)
            sleep(arn)
    """
    with child(path, program) as lines:
        arn = next(lines)
    with emulator(path, FakeClock(NOW + 400), Functions()) as running:
        assert running.end(arn)["stopDate"] == NOW + 400


def test_a_task_in_flight_runs_again(path: Path) -> None:
    """Killed in its second attempt: that runs again; its time-out counts anew, its retries on."""
    program = """
        def work(function, payload):
            if running.journaled(arn).tries:
                clock.advance(9)
                sleep(arn)
            raise error("E")

        retry = [{"ErrorEquals": ["E"], "MaxAttempts": 2}]
        catch = [{"ErrorEquals": ["States.Timeout"], "Next": "B"}]
        source = machine("A", A=task(Retry=retry, Catch=catch, TimeoutSeconds=10), B=SUCCEED)
        with emulator(path, clock, work) as running:
            arn = "arn:aws:states:us-east-1:000000000000:execution:machine:one"
            running.start(source, {})
            clock.advance(running.due(arn) - clock.now())
            threading.Event().wait()
    """
    with child(path, program) as lines:
        arn = next(lines)
    clock = FakeClock(NOW + 10)
    functions = Functions(work=[error("E"), Stall()])
    with emulator(path, clock, functions) as running:
        running.until(lambda: sum(running.journaled(arn).tries) == 2)
        assert running.due(arn) == NOW + 12  # its second retry: one more would be 1 s
        clock.advance(2)
        functions.wait_for_calls(2)
        wait = machine("A", A={"Type": "Wait", "Seconds": 9, "End": True})
        other = running.start(wait, {}, "two", "other")
        clock.advance(9)
        assert running.end(other)["stopDate"] == NOW + 21
        assert running.describe(arn)["status"] == "RUNNING"
        clock.advance(1)
        ended = running.end(arn)
    assert (ended["status"], ended["stopDate"]) == ("SUCCEEDED", NOW + 22)


def test_a_retry_keeps_its_due_time(path: Path) -> None:
    """Killed between two attempts: the next one comes when it would have come, and is the last."""
    program = """
        retry = [{"ErrorEquals": ["E"], "IntervalSeconds": 60, "MaxAttempts": 1}]
        with emulator(path, clock, Functions(work=[error("E")])) as running:
            arn = running.start(machine("A", A=task(Retry=retry)), {})
            running.due(arn)
            sleep(arn)
    """
    with child(path, program) as lines:
        arn = next(lines)
    clock = FakeClock(NOW + 50)
    functions = Functions(work=[error("E")])
    with emulator(path, clock, functions) as running:
        assert running.due(arn) == NOW + 60
        clock.advance(10)
        assert running.end(arn)["status"] == "FAILED"
    assert len(functions.calls) == 1


def test_whatever_was_acknowledged_ends(path: Path) -> None:
    """Killed amid many executions: each whose start was answered is there afterwards, and ends."""
    program = """
        source = machine("A", A=task(Next="B"), B=task(Next="C"), C=task())
        with emulator(path, SystemClock(), Functions()) as running:
            for number in range(10_000):
                tell(running.start(source, {}, f"name-{number}"))
    """
    with child(path, program) as lines:
        arns = [next(lines) for _ in range(40)]
    functions = Functions()
    with emulator(path, SystemClock(), functions) as running:
        assert {running.end(arn)["status"] for arn in arns} == {"SUCCEEDED"}
        running.until(lambda: not running.service._journal.running())
