"""Few work at once, and no project waits for the backlog of another one."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from infra.local.aws.transport import AwsCall
from infra.local.turns import SharedClock, Turns
from tests.fake_clock import FakeClock
from tests.faults import Interception
from tests.scripted_provider import ScriptedProvider, says
from tests.system import System

_PATIENCE = 20  # seconds after which something is stuck


_MESSAGE = {"role": "user", "content": "Hi"}


class Workers:
    """Threads that work in turns; `done` are their projects in the order of their turns."""

    def __init__(self, turns: Turns) -> None:
        self.done: list[str] = []
        self._turns = turns
        self._threads: list[threading.Thread] = []

    def queue(self, project: str) -> None:
        """One more waits for its turn."""
        backlog = self._turns.backlog
        thread = threading.Thread(target=self._work, args=(project,), daemon=True)
        self._threads.append(thread)
        thread.start()
        until(lambda: self._turns.backlog == backlog + 1)

    def join(self) -> None:
        for thread in self._threads:
            thread.join(_PATIENCE)
            assert not thread.is_alive()

    def _work(self, project: str) -> None:
        with self._turns.taken(project):
            self.done.append(project)


def until(look: Callable[[], bool]) -> None:
    for _ in range(_PATIENCE * 1000):
        if look():
            return
        threading.Event().wait(0.001)
    raise AssertionError("waited in vain")


@contextmanager
def all_taken(turns: Turns) -> Iterator[Workers]:
    """Somebody has the only turn within the block; then the others' come."""
    workers = Workers(turns)
    with turns.taken("first"):
        yield workers
    workers.join()


def test_projects_take_turns() -> None:
    """Round robin over those with a backlog; within one by who came first."""
    turns = Turns(at_once=1)
    with all_taken(turns) as workers:
        for project in "aaaabbc":
            workers.queue(project)
    assert "".join(workers.done) == "abcabaa"
    assert turns.backlog == 0


def test_a_turn_is_not_taken_twice() -> None:
    """What is invoked within a turn is a part of it, for whomever it is."""
    turns = Turns(at_once=1)
    with turns.taken("a"), turns.taken("a"), turns.taken("b"):
        pass
    with all_taken(turns) as workers:
        workers.queue("b")
    assert workers.done == ["b"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_who_fails_ends_its_turn(error: type[BaseException]) -> None:
    """Whatever it fails of."""
    turns = Turns(at_once=1)
    with pytest.raises(error), turns.taken("a"):
        raise error
    with all_taken(turns) as workers:
        workers.queue("a")
    assert workers.done == ["a"]


def test_who_waits_gives_up_its_turn() -> None:
    """As many as like may wait; who is woken works in its next turn, and nobody has lost any."""
    turns, clock = Turns(at_once=2), FakeClock()
    shared = SharedClock(clock, turns)
    working = 0
    most: list[int] = []
    count = threading.Lock()
    condition = threading.Condition()

    def count_in(by: int) -> None:
        nonlocal working
        with count:
            working += by
            most.append(working)

    def work(number: int) -> None:
        with turns.taken(f"project-{number % 3}"):
            for _ in range(5):
                count_in(1)
                with condition:
                    condition.notify_all()  # as who writes wakes who reads
                    count_in(-1)
                    shared.wait(condition, clock.monotonic() + 1)
            clock.advance(0.1)

    with ThreadPoolExecutor(12) as pool:
        for future in [pool.submit(work, number) for number in range(36)]:
            future.result(_PATIENCE)
    assert max(most) <= 2
    assert turns.backlog == 0
    workers = Workers(turns)
    with turns.taken("a"):
        thread = threading.Thread(target=workers._work, args=("b",), daemon=True)
        thread.start()
        thread.join(_PATIENCE)
    assert workers.done == ["b"]


def test_who_waits_for_its_next_turn_holds_nothing() -> None:
    """Who works may need the condition that another one was woken on."""
    turns, clock = Turns(at_once=1), FakeClock()
    condition, waiting = threading.Condition(), threading.Event()

    def wait() -> None:
        with turns.taken("a"), condition:
            waiting.set()
            SharedClock(clock, turns).wait(condition, clock.monotonic() + 1)

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    assert waiting.wait(_PATIENCE)
    with turns.taken("b"):
        clock.advance(1)
        until(lambda: turns.backlog == 1)
        assert condition.acquire(timeout=_PATIENCE)
        condition.release()
    thread.join(_PATIENCE)
    assert not thread.is_alive()


class Starts(Interception):
    """Notes for whom executors make their first call, and holds them until `let_go`."""

    def __init__(self) -> None:
        self.projects: list[str] = []
        self.let_go = threading.Event()
        self._lock = threading.Lock()
        self._seen: set[int] = set()

    def before(self, call: AwsCall, /) -> None:
        invocation = call.invocation
        if invocation is None or invocation.function != "executor":
            return
        with self._lock:
            if invocation.number in self._seen:
                return
            self._seen.add(invocation.number)
            self.projects.append(call.request["Key"]["thread"]["S"].partition("/")[0])
        assert self.let_go.wait(_PATIENCE)


def new_run(system: System, project: str) -> None:
    assistant = system.post("/assistants", {"model": "gpt-4o"}, project)
    body = {"assistant_id": assistant["id"], "thread": {"messages": [_MESSAGE]}}
    system.post("/threads/runs", body, project)


def test_the_order_of_starting_is_fair(tmp_path: Path) -> None:
    """A run of one project is not started behind all of another's that came before it. The
    dispatcher, which is for all of them, waits for no turn.
    """
    system = System(tmp_path, provider=ScriptedProvider(says("Hello")))
    for _ in range(30):
        new_run(system, "flood")
    new_run(system, "other")
    starts = Starts()
    system.local.transport.interceptors.append(starts)
    system.local.start()
    until(lambda: len(starts.projects) + system.local.turns.backlog == 31)
    held = len(starts.projects)
    starts.let_go.set()
    until(lambda: "other" in starts.projects)
    # The turns that end are handed to the flood, to the other, and then as many as at once.
    assert starts.projects.index("other") < 2 * held
    until(lambda: len(starts.projects) == 31)
    system.local.stop()
