"""Two writers at their writes: either may be first, one wins, and the other learns why it lost.

Each race is run in both orders, 50 times in all, on a system whose streams nobody serves: what
races is exactly what the test says.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.invariants import Invariants
from tests.chaos.races import BEGIN, CLAIM, END, Racer, race
from tests.scripted_provider import ONE, USAGE, WEATHER, calls, says
from tests.system import System
from threadkeep.domain.ids import of_run
from threadkeep.execution.answer import DONE, wait_until

ROUNDS = (True, False) * 25  # who is first
HELLO = says("Hello", " there")
RUN_SECONDS = 600
LATE = 1  # seconds that pass between a writer's look at the clock and its write

Run = dict[str, Any]


class Arena:
    """A system without streams, and what is done in it."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.invariants = Invariants(system.local, late=LATE)
        self._assistant = system.assistant(tools=[WEATHER])["id"]

    def thread(self) -> str:
        thread_id = str(self.system.thread("Hi")["id"])
        self.invariants.watch(thread_id)
        return thread_id

    def queued(self) -> Run:
        return self.system.run(self.thread(), self._assistant)

    def waiting(self) -> Run:
        """A run that waits for the output of one call."""
        self.system.provider.script = calls(ONE)
        run = self.queued()
        self.execute(run)
        return run

    def execute(self, run: Run, leg: int = 1) -> Any:
        return self._executor("execute", run, leg)

    def executing(self, run: Run, at: int, leg: int = 1) -> Racer:
        """An executor that is held at one of its transactions."""
        return Racer(partial(self.execute, run, leg), at)

    def takes_a_message(self, run: Run) -> bool:
        """Whether the run's thread is free."""
        return bool(self.add_message(run["thread_id"])["id"])

    def settle(self, run: Run, leg: int = 1) -> Any:
        return self._executor("settle", run, leg)

    def submit(self, run: Run) -> Run:
        path = f"/threads/{run['thread_id']}/runs/{run['id']}/submit_tool_outputs"
        body = {"tool_outputs": [{"tool_call_id": ONE[0], "output": "sun"}]}
        return self.system.post(path, body)

    def cancel(self, run: Run) -> Run:
        return self.system.post(f"/threads/{run['thread_id']}/runs/{run['id']}/cancel")

    def create_run(self, thread_id: str) -> Run:
        return self.system.run(thread_id, self._assistant)

    def add_message(self, thread_id: str) -> Any:
        message = {"role": "user", "content": "Hm"}
        return self.system.post(f"/threads/{thread_id}/messages", message)

    def delete(self, thread_id: str) -> Any:
        return self.system.request("DELETE", f"/threads/{thread_id}", None, "acme")

    def clean(self) -> None:
        """Bring the removals of threads to the cleaner."""
        records = self.system.local.dynamodb.records("threads", 0, 10_000)
        removals = [r.document for r in records if r.document["eventName"] == "REMOVE"]
        self.system.local.invoke("cleaner", {"Records": removals})
        self.system.local.dynamodb.trim("threads", 1 << 60)

    def status(self, run: Run) -> str:
        self.invariants.check()
        return str(self.system.seen(run)["status"])

    def said(self, run: Run) -> list[tuple[str, str]]:
        """Status and text of what the run said."""
        own = [m for m in self.system.messages(run) if m["run_id"] == run["id"]]
        return [(m["status"], m["content"][0]["text"]["value"]) for m in own]

    def steps(self, run: Run) -> list[str]:
        return [step["status"] for step in self.system.steps(run)]

    def _executor(self, action: str, run: Run, leg: int) -> Any:
        reference = {"project_id": "acme", "thread_id": run["thread_id"], "run_id": run["id"]}
        event = {"action": action, "run": {**reference, "leg": leg}}
        return self.system.local.invoke("executor", event)


@pytest.fixture
def arena(tmp_path: Path) -> Iterator[Arena]:
    system = System(tmp_path)
    yield Arena(system)
    system.local.stop()


def test_submit_and_submit(arena: Arena) -> None:
    """The first is taken; the second is told that the run does not wait any more."""
    for one_first in ROUNDS:
        run = arena.waiting()
        one, other = (Racer(partial(arena.submit, run)) for _ in range(2))
        race(arena.system, one, other, one_first=one_first)
        first, second = (one, other) if one_first else (other, one)
        assert first.answer["status"] == "queued"
        assert second.refusal == 'Runs in status "queued" do not accept tool outputs.'
        assert arena.status(run) == "queued"
        assert arena.steps(run) == ["completed"]


def test_submit_and_expire(arena: Arena) -> None:
    """Outputs at the deadline are taken or refused. The run has expired either way."""
    for submit_first in ROUNDS:
        run = arena.waiting()
        arena.system.advance(RUN_SECONDS - LATE)
        submit, settle = Racer(partial(arena.submit, run)), Racer(partial(arena.settle, run))
        deadline = partial(arena.system.advance, LATE)
        race(arena.system, submit, settle, one_first=submit_first, between=deadline)
        if submit_first:
            assert submit.answer["status"] == "queued"
            assert arena.status(run) == "expired"
            arena.settle(run, leg=2)
        else:
            assert submit.refusal == 'Runs in status "expired" do not accept tool outputs.'
        assert arena.system.stored(run) == arena.status(run) == "expired"
        assert arena.steps(run) == ["completed" if submit_first else "expired"]


def test_cancel_and_complete(arena: Arena) -> None:
    """The run is cancelled and keeps what was said, or it is completed and cancel is refused."""
    arena.system.provider.script = HELLO
    for cancel_first in ROUNDS:
        run = arena.queued()
        cancel, execute = Racer(partial(arena.cancel, run)), arena.executing(run, END)
        race(arena.system, execute, cancel, one_first=not cancel_first)
        if cancel_first:
            assert cancel.answer["status"] == "cancelling"
            assert (arena.status(run), arena.steps(run)) == ("cancelled", ["cancelled"])
            assert arena.said(run) == [("incomplete", "Hello there")]
        else:
            assert cancel.refusal == "Cannot cancel run with status 'completed'."
            assert (arena.status(run), arena.steps(run)) == ("completed", ["completed"])
            assert arena.said(run) == [("completed", "Hello there")]
        assert arena.system.seen(run)["usage"]["total_tokens"] == USAGE.total
        assert arena.takes_a_message(run)


def test_cancel_and_park(arena: Arena) -> None:
    """Cancelled before it waits or as it waits; the calls are on its cancelled step."""
    arena.system.provider.script = calls(ONE)
    for cancel_first in ROUNDS:
        run = arena.queued()
        cancel, execute = Racer(partial(arena.cancel, run)), arena.executing(run, END)
        race(arena.system, execute, cancel, one_first=not cancel_first)
        assert cancel.answer["status"] == "cancelling"
        assert (arena.status(run), arena.steps(run)) == ("cancelled", ["cancelled"])
        (step,) = arena.system.steps(run)
        assert [call["id"] for call in step["step_details"]["tool_calls"]] == [ONE[0]]
        assert arena.takes_a_message(run)


def test_create_and_create(arena: Arena) -> None:
    """One run; the second is told of it."""
    for one_first in ROUNDS:
        thread_id = arena.thread()
        one, other = (Racer(partial(arena.create_run, thread_id)) for _ in range(2))
        race(arena.system, one, other, one_first=one_first)
        first, second = (one, other) if one_first else (other, one)
        active = first.answer["id"]
        assert second.refusal == f"Thread {thread_id} already has an active run {active}."
        assert arena.status(first.answer) == "queued"
        assert [run.id for run in arena.invariants.runs(thread_id)] == [active]


def test_create_and_message(arena: Arena) -> None:
    """The message lies before the run, or is refused."""
    for run_first in ROUNDS:
        thread_id = arena.thread()
        create = Racer(partial(arena.create_run, thread_id))
        message = Racer(partial(arena.add_message, thread_id))
        race(arena.system, create, message, one_first=run_first)
        run = create.answer
        assert arena.status(run) == "queued"
        if run_first:
            text = f"Can't add messages to {thread_id} while a run {run['id']} is active."
            assert message.refusal == text
        else:
            assert message.answer["id"] < of_run("msg", run["id"], 0)
        assert len(arena.system.messages(run)) == (1 if run_first else 2)


def test_cancel_and_submit(arena: Arena) -> None:
    """The run is cancelled: before the outputs, which are refused, or after them."""
    for cancel_first in ROUNDS:
        run = arena.waiting()
        cancel, submit = Racer(partial(arena.cancel, run)), Racer(partial(arena.submit, run))
        race(arena.system, cancel, submit, one_first=cancel_first)
        assert cancel.answer["status"] == "cancelling"
        if cancel_first:
            assert submit.refusal == 'Runs in status "cancelled" do not accept tool outputs.'
        else:
            assert submit.answer["status"] == "queued"
        assert arena.status(run) == "cancelled"
        assert arena.steps(run) == ["cancelled" if cancel_first else "completed"]
        assert arena.execute(run, leg=2) == DONE
        assert arena.takes_a_message(run)


def test_zombie_and_second_attempt(arena: Arena) -> None:
    """The first attempt ends the run, or the second takes it over: there is one answer."""
    arena.system.provider.script = HELLO
    for zombie_first in ROUNDS:
        run = arena.queued()
        zombie, second = arena.executing(run, END), arena.executing(run, CLAIM)
        race(arena.system, zombie, second, one_first=zombie_first)
        assert second.answer == DONE
        if zombie_first:
            assert zombie.answer == DONE
        else:
            # Whether the second is done by then is its own pace.
            assert zombie.refusal == "Superseded" or zombie.answer == DONE
        assert (arena.status(run), arena.steps(run)) == ("completed", ["completed"])
        assert arena.said(run) == [("completed", "Hello there")]


def test_message_and_delete_thread(arena: Arena) -> None:
    """The message is deleted with its thread, or not found one; nothing is left."""
    for message_first in ROUNDS:
        thread_id = arena.thread()
        message = Racer(partial(arena.add_message, thread_id))
        delete = Racer(partial(arena.delete, thread_id))
        race(arena.system, message, delete, one_first=message_first)
        assert delete.answer["deleted"] is True
        if not message_first:
            assert message.refusal == f"No thread found with id '{thread_id}'."
        arena.clean()
        assert arena.invariants.left(thread_id, []) == 0


def test_delete_thread_and_complete(arena: Arena) -> None:
    """The executor ends its run either way, and nothing of the thread is left."""
    arena.system.provider.script = HELLO
    for delete_first in ROUNDS:
        run = arena.queued()
        delete = Racer(partial(arena.delete, run["thread_id"]))
        execute = arena.executing(run, END)
        race(arena.system, execute, delete, one_first=not delete_first)
        assert delete.answer["deleted"] is True
        assert execute.answer == DONE
        arena.invariants.check()
        arena.clean()
        arena.invariants.check()
        assert arena.invariants.left(run["thread_id"], [run["id"]]) == 0


@pytest.mark.parametrize("at", [CLAIM, BEGIN, END])
def test_a_late_settle_and_the_next_leg(arena: Arena, at: int) -> None:
    """A Settle of an earlier leg, however late, leaves the run to the leg that it is on."""
    run = arena.waiting()
    arena.submit(run)
    arena.system.provider.script = HELLO
    execute = arena.executing(run, at, leg=2)
    arena.system.local.transport.interceptors.append(execute)
    execute.start()
    assert arena.settle(run, leg=1) == DONE
    assert arena.status(run) == ("queued" if at == CLAIM else "in_progress")
    execute.go()
    execute.join()
    assert execute.answer == DONE
    assert arena.status(run) == "completed"


def test_a_cancel_whose_executor_is_dead_at_the_deadline(arena: Arena) -> None:
    """The run is cancelled all the same, by a Settle that comes after the deadline."""
    run = arena.queued()
    dead = arena.executing(run, END)
    arena.system.local.transport.interceptors.append(dead)
    dead.start()
    arena.cancel(run)
    arena.system.advance(2 * RUN_SECONDS)
    settle = Racer(partial(arena.settle, run))
    settle.begin()
    settle.join()
    assert settle.answer == DONE
    assert arena.system.stored(run) == arena.status(run) == "cancelled"
    dead.go()
    dead.join()
    assert arena.system.stored(run) == "cancelled"


def test_settle_says_how_the_run_stands(arena: Arena) -> None:
    """One that waits goes on until its deadline; one that broke off has failed, and is done."""
    waiting = arena.waiting()
    assert arena.settle(waiting) == wait_until(waiting["expires_at"])
    assert arena.status(waiting) == "requires_action"
    broken = arena.queued()
    assert arena.settle(broken) == DONE
    assert arena.status(broken) == "failed"
    assert arena.settle(broken) == DONE
