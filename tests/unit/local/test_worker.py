"""Workers: nothing but `stop` ends one."""

import logging
import queue
import subprocess
import sys
import threading
from textwrap import dedent

import pytest

from infra.local.worker import EXIT_CODE, Worker
from tests.emulator.streams import SleepClock

_PATIENCE = 10  # real seconds until a wait for what never comes fails its test


def test_a_worker_goes_on_after_an_error(caplog: pytest.LogCaptureFixture) -> None:
    """Ever later, up to 32 s; the log has the type and the place, and not a word of the message."""
    clock, steps = SleepClock(), queue.Queue[int]()
    failing = iter(range(9))

    def step() -> None:
        if next(failing, None) is not None:
            raise OSError("the secret content")
        steps.put(1)
        worker.pause(1e6)

    caplog.set_level(logging.ERROR)
    worker = Worker("sweeper", step, clock)
    worker.start()
    assert [clock.next_sleep() for _ in range(9)] == [0.5, 1, 2, 4, 8, 16, 32, 32, 32]
    assert steps.get(timeout=_PATIENCE)
    worker.stop()
    assert len(caplog.records) == 9
    assert "sweeper: OSError at tests.unit.local.test_worker:" in caplog.text
    assert "secret" not in caplog.text


def test_a_success_forgets_the_failures() -> None:
    """The next error is tried again as soon as the first one was."""
    clock = SleepClock()
    outcomes = iter([OSError(), OSError(), None, OSError()])

    def step() -> None:
        outcome = next(outcomes, None)
        if outcome:
            raise outcome
        worker.pause(7)

    worker = Worker("sweeper", step, clock)
    worker.start()
    assert [clock.next_sleep() for _ in range(5)] == [0.5, 1, 7, 0.5, 7]
    worker.stop()


def test_stop_ends_a_worker_that_waits() -> None:
    """In a back-off and in a pause; its thread is gone."""
    before = set(threading.enumerate())
    for error in (OSError(), None):
        clock = SleepClock()

        def step(error: Exception | None = error) -> None:
            if error:
                raise error
            worker.pause(1e6)  # noqa: B023  (the worker of this round)

        worker = Worker("sweeper", step, clock)
        worker.start()
        clock.sleeps.get(timeout=_PATIENCE)
        worker.stop()
    for thread in set(threading.enumerate()) - before:
        thread.join(_PATIENCE)
        assert not thread.is_alive()


def test_a_thread_that_ends_all_the_same_ends_the_process() -> None:
    """With a line that says what to do, and an exit code: a server must not go on without it."""
    program = """
        from infra.local.worker import Worker
        from threadkeep.domain.clock import SystemClock
        import threading

        def step():
            raise SystemExit("the secret content")

        Worker("dispatcher", step, SystemClock()).start()
        threading.Event().wait(20)
    """
    done = subprocess.run(
        [sys.executable, "-c", dedent(program)], capture_output=True, text=True, check=False
    )
    assert done.returncode == EXIT_CODE
    assert done.stderr == (
        "threadkeep: the worker dispatcher has ended (SystemExit at __main__:7 <"
        " infra.local.worker:LINE). The process ends, too: start it again, nothing is lost.\n"
    ).replace("LINE", done.stderr.partition("infra.local.worker:")[2].partition(")")[0])
