"""One look a second for all the runs of a process, and nothing that depends on its success."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from infra.local.aws.transport import AwsCall
from tests.fake_clock import FakeClock
from tests.faults import Interception
from tests.scripted_provider import ScriptedProvider, Stall
from tests.system import System, running
from threadkeep.domain.references import RunRef
from threadkeep.execution.lookout import Lookout
from threadkeep.store.database import MOST_KEYS
from threadkeep.store.runs import Standing

Threads = Callable[[str], int]


class Looks(Interception):
    """Notes how many runs the executor reads at a time; `broken` makes its reads fail."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.broken = False

    def before(self, call: AwsCall, /) -> None:
        if not (call.invocation and call.invocation.function == "executor"):
            return
        if call.operation == "BatchGetItem" and "runs" in call.request["RequestItems"]:
            self.sizes.append(len(call.request["RequestItems"]["runs"]["Keys"]))
            if self.broken:
                raise sqlite3.OperationalError("disk I/O error")


@pytest.fixture
def system(tmp_path: Path) -> Iterator[System]:
    with running(tmp_path, provider=ScriptedProvider([Stall()])) as system:
        yield system


@pytest.fixture
def looks(system: System) -> Looks:
    looks = Looks()
    system.local.transport.interceptors.append(looks)
    return looks


def stalled(system: System, number: int) -> list[dict[str, Any]]:
    """So many runs whose model has been asked, and says nothing."""
    assistant_id = system.assistant()["id"]
    runs = [system.run(system.thread("Hi")["id"], assistant_id) for _ in range(number)]
    system.until(lambda: len(system.provider.requests) == number)
    return runs


def cancel(system: System, run: dict[str, Any]) -> None:
    system.post(f"/threads/{run['thread_id']}/runs/{run['id']}/cancel")


@pytest.fixture
def threads() -> Threads:
    """How many threads of a name the test has begun that are still there."""
    before = set(threading.enumerate())
    return lambda name: sum(thread.name == name for thread in set(threading.enumerate()) - before)


def test_one_look_is_for_all_runs(system: System, looks: Looks, threads: Threads) -> None:
    """They are read together, as many as one BatchGetItem takes, and each cancel is noticed."""
    runs = stalled(system, MOST_KEYS + 20)
    looks.sizes.clear()
    began = system.clock.monotonic() - 1
    system.until(lambda: looks.sizes[-2:] == [MOST_KEYS, 20], moving=0.25)
    for run in runs:
        cancel(system, run)
    system.until(lambda: all(system.stored(run) == "cancelled" for run in runs), moving=0.25)
    assert len(looks.sizes) <= 2 * (system.clock.monotonic() - began)
    system.until(lambda: not threads("lookout"))


def test_a_look_that_fails_ends_nothing(
    system: System, looks: Looks, caplog: pytest.LogCaptureFixture
) -> None:
    """Runs go on, and what the failed looks did not show is found by the next one that succeeds."""
    first, second = stalled(system, 2)
    looks.broken = True
    cancel(system, first)
    for _ in range(3):
        looks.sizes.clear()
        system.until(lambda: looks.sizes, moving=1)
    assert (system.stored(first), system.stored(second)) == ("cancelling", "in_progress")
    assert "a look at 2 runs failed: OperationalError" in caplog.text
    looks.broken = False
    system.until(lambda: system.stored(first) == "cancelled", moving=1)
    assert system.stored(second) == "in_progress"
    assert len(system.provider.requests) == 2


def test_a_run_that_is_gone_is_left_at_the_next_look(system: System, threads: Threads) -> None:
    """Its model is stopped although it says nothing, and its thread ends."""
    run, _ = stalled(system, 2)
    assert threads("model") == 2
    system.request("DELETE", f"/threads/{run['thread_id']}", None, "acme")
    system.until(lambda: threads("model") == 1, moving=0.5)


class Standings:
    """Every run is in progress."""

    def standings(self, refs: set[RunRef]) -> dict[RunRef, Standing]:
        assert 1 <= len(refs) <= MOST_KEYS
        return {ref: Standing(1, "in_progress") for ref in refs}


def test_who_comes_and_goes_is_told_while_there(threads: Threads) -> None:
    """However watchers overlap, each that stays for a second is told, and the last one to leave
    takes the thread along.
    """
    clock = FakeClock()
    lookout = Lookout(Standings(), clock)  # type: ignore[arg-type]
    ref = RunRef("acme", f"thread_{'0' * 24}", f"run_{'0' * 24}")

    def watch(number: int) -> None:
        told = threading.Event()
        for _ in range(10):
            told.clear()
            with lookout.watching(ref, lambda _: told.set()):
                while number % 2 and not told.wait(0.001):
                    clock.advance(1)

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(watch, number) for number in range(8)]:
            done.result(60)
    assert not threads("lookout")
