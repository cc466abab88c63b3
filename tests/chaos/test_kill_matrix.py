"""Whoever works on a run dies at each of its calls: the run ends all the same, and once.

A first run without a death counts the calls of each invocation. Then there is one run for each of
these calls, at which that invocation dies, and one for the answer to its last call.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from infra.local.server import Local
from tests.chaos.conftest import KILLED
from tests.chaos.invariants import Invariants
from tests.chaos.midway import Dying
from tests.scripted_provider import WEATHER, ScriptedCall, ScriptedProvider, Stall, calls, says
from tests.system import System, running
from threadkeep.providers.port import ChatRequest, Text

Run = dict[str, Any]
Scenario = Callable[["Trial"], None]
Record = Callable[[str, object], None]

LATE = 2  # seconds that the clock, which is moved meanwhile, may show later than a writer saw
MOST = 12  # invocations of one kind in a scenario, with those that come again
NEVER = 1_000
STALL = "Take your time"
TALK = "Tell me what you do"
ALOUD = "Let me see."


class Rounds(ScriptedProvider):
    """Calls a function in two turns, if the run has one, and then answers. Stalls when asked to, or
    says something before it calls.
    """

    def start(self, request: ChatRequest) -> ScriptedCall:
        done = sum(message["role"] == "tool" for message in request.messages)
        script = says("Hello", " there")
        if request.messages[0]["content"] == STALL:
            script = [Text("So far"), Stall()]
        elif request.tools and done < 2:
            before = ALOUD if request.messages[0]["content"] == TALK else ""
            script = calls((f"call_{done}", "get_weather", "{}"), before=before)
        return ScriptedCall(ScriptedProvider(script), request)


class MortalLocal(Local):
    """Invocations for one thread die as they are doomed: (at which call, whether it is made)."""

    thread_id = "none"
    dooms: Mapping[str, list[tuple[int, bool]]] = {}
    died: Mapping[str, list[Dying]] = {}

    def invoke(self, function: str, event: Mapping[str, Any]) -> Any:
        what = str(event.get("action", function))
        if not self.dooms.get(what) or self.thread_id not in json.dumps(event):
            return super().invoke(function, event)
        at, made = self.dooms[what].pop(0)
        dying = Dying(at, made=made)
        self.died[what].append(dying)
        self.transport.interceptors.append(dying)
        try:
            return super().invoke(function, event)
        finally:
            self.transport.interceptors.remove(dying)


class Trial:
    """A system whose functions die, and one run after the other in it."""

    def __init__(self, system: System) -> None:
        self.system = system
        self._local: Any = system.local
        self.assistants = {
            "text": system.assistant()["id"],
            "tools": system.assistant(tools=[WEATHER])["id"],
        }

    def everywhere(self, what: str, scenario: Scenario, **others: list[tuple[int, bool]]) -> int:
        """Let each invocation of `what` in the scenario die at each call; how many that were.

        `others` are dooms that the scenario has always.
        """
        alive = (NEVER, False)
        self._doom({**others, what: [alive] * MOST})
        scenario(self)
        points = 0
        for n, invocation in enumerate(self._local.died[what]):
            last = invocation.calls - 1
            for doom in [*((at, False) for at in range(invocation.calls)), (last, True)]:
                self._doom({**others, what: [alive] * n + [doom]})
                scenario(self)
                assert len(self._local.died[what]) == n + 1, "it was never invoked"
                points += 1
        return points

    def _doom(self, dooms: Mapping[str, list[tuple[int, bool]]]) -> None:
        self._local.dooms = {what: list(each) for what, each in dooms.items()}
        self._local.died = {what: [] for what in dooms}

    # A run's life, as an app sees it

    def new_run(self, kind: str, says: str = "Hi") -> Run:
        thread_id = self.system.thread(says)["id"]
        self._local.thread_id = thread_id
        return self.system.run(thread_id, self.assistants[kind])

    def waits(self, run: Run) -> None:
        self.system.until(lambda: self.system.stored(run) == "requires_action", moving=0.25)

    def submit(self, run: Run) -> None:
        action = self.system.seen(run)["required_action"]["submit_tool_outputs"]
        outputs = [{"tool_call_id": c["id"], "output": "sun"} for c in action["tool_calls"]]
        path = f"/threads/{run['thread_id']}/runs/{run['id']}/submit_tool_outputs"
        self.system.post(path, {"tool_outputs": outputs})

    def ends(self, run: Run, status: str, steps: list[str], *said: str) -> None:
        """Once, like this, and with its thread free."""
        assert self.over(run) == (status, [*said])
        assert [step["status"] for step in self.system.steps(run)] == steps

    def over(self, run: Run) -> tuple[str, list[str]]:
        """The end that the run comes to, with its thread free, and what it has said."""
        ended = self.system.ended(run, moving=0.25)
        whole = [m for m in self.system.messages(run) if m["run_id"] and m["status"] == "completed"]
        invariants = Invariants(self.system.local, late=LATE)
        invariants.watch(run["thread_id"])
        invariants.check()
        message = {"role": "user", "content": "Again"}
        self.system.post(f"/threads/{run['thread_id']}/messages", message)
        return ended["status"], [m["content"][0]["text"]["value"] for m in whole]


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[Trial]:
    with running(tmp_path, provider=Rounds(), local=MortalLocal) as system:
        yield Trial(system)


def text_run(trial: Trial) -> None:
    trial.ends(trial.new_run("text"), "completed", ["completed"], "Hello there")


def tool_run(trial: Trial) -> None:
    """Two rounds of calls, then the answer."""
    run = trial.new_run("tools")
    for _ in range(2):
        trial.waits(run)
        trial.submit(run)
    trial.ends(run, "completed", ["completed"] * 3, "Hello there")


def talking_run(trial: Trial) -> None:
    """Two rounds of calls, before which it says something. A turn whose executor dies between the
    two is done again, and says it again.
    """
    run = trial.new_run("tools", TALK)
    for _ in range(2):
        trial.waits(run)
        trial.submit(run)
    status, said = trial.over(run)
    assert (status, said[-1]) == ("completed", "Hello there")
    assert said[:-1] in ([ALOUD] * 2, [ALOUD] * 3)


def failing_text_run(trial: Trial) -> None:
    """Its executors die in the turn, so Settle has to end it."""
    trial.ends(trial.new_run("text"), "failed", ["failed"])


def failing_tool_run(trial: Trial) -> None:
    """The executors of its second leg die in the turn."""
    run = trial.new_run("tools")
    trial.waits(run)
    trial.submit(run)
    trial.ends(run, "failed", ["completed", "failed"])


def expiring_tool_run(trial: Trial) -> None:
    """It waits for outputs that never come, until Settle ends it."""
    run = trial.new_run("tools")
    trial.waits(run)
    trial.system.advance(600)
    trial.ends(run, "expired", ["expired"])


def cancelled_run(trial: Trial) -> None:
    """Its model stalls. What it had said is lost with the executor that heard it."""
    run = trial.new_run("text", STALL)
    trial.system.until(lambda: trial.system.steps(run), moving=0.25)
    trial.system.post(f"/threads/{run['thread_id']}/runs/{run['id']}/cancel")
    trial.ends(run, "cancelled", ["cancelled"])


def deleted_thread(trial: Trial) -> None:
    """Of two runs, one over, one waiting, nothing is left."""
    run = trial.new_run("text")
    trial.ends(run, "completed", ["completed"], "Hello there")
    waiting = trial.system.run(run["thread_id"], trial.assistants["tools"])
    trial.waits(waiting)
    trial.system.request("DELETE", f"/threads/{run['thread_id']}", None, "acme")
    invariants = Invariants(trial.system.local, late=LATE)
    ids = [run["id"], waiting["id"]]
    trial.system.until(lambda: invariants.left(run["thread_id"], ids) == 0, moving=0.25)


@pytest.mark.promise("10.10")
@pytest.mark.parametrize("scenario", [text_run, tool_run, talking_run, cancelled_run])
def test_the_executor(trial: Trial, scenario: Scenario, record_property: Record) -> None:
    """An executor that dies is replaced; the run ends as if nothing had been."""
    record_property(KILLED, ("executor", trial.everywhere("execute", scenario)))


@pytest.mark.promise("10.10")
def test_settle_after_a_crash(trial: Trial, record_property: Record) -> None:
    """Both executors of a leg have died. Settle fails the run, also when it dies itself."""
    first, second = (4, False), (5, False)  # the call that would end the leg's turn
    points = trial.everywhere("settle", failing_text_run, execute=[first] * 2)
    dooms = [(NEVER, False), *[second] * 2]
    points += trial.everywhere("settle", failing_tool_run, execute=dooms)
    record_property(KILLED, ("Settle", points))


@pytest.mark.promise("10.10")
def test_settle_at_the_deadline(trial: Trial, record_property: Record) -> None:
    """A run that waits in vain expires, also when Settle dies."""
    record_property(KILLED, ("Settle", trial.everywhere("settle", expiring_tool_run)))


@pytest.mark.promise("10.10")
@pytest.mark.parametrize("scenario", [text_run, tool_run])
def test_the_dispatcher(trial: Trial, scenario: Scenario, record_property: Record) -> None:
    """A record whose dispatcher has died is brought again; each leg is executed once."""
    record_property(KILLED, ("dispatcher", trial.everywhere("dispatcher", scenario)))


def test_the_cleaner(trial: Trial, record_property: Record) -> None:
    """A cleaner that comes again finds what is left."""
    record_property(KILLED, ("cleaner", trial.everywhere("cleaner", deleted_thread)))
