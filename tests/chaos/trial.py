"""A system whose functions die at chosen calls, and one run after the other in it.

A first run without a death counts the calls of each invocation. Then there is one run for each of
these calls, at which that invocation dies, and one for the answer to its last call.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infra.local.server import Local
from tests.chaos.invariants import Invariants
from tests.chaos.midway import Dying
from tests.chat import asked
from tests.scripted_provider import WEATHER, ScriptedCall, ScriptedProvider, Stall, calls, says
from tests.system import System, running
from threadkeep.domain.run_state import ENDS, PARK
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
        done = sum(message["role"] == "tool" for message in asked(request))
        script = says("Hello", " there")
        if asked(request)[0]["content"] == STALL:
            script = [Text("So far"), Stall()]
        elif request.tools and done < 2:
            before = ALOUD if asked(request)[0]["content"] == TALK else ""
            script = calls((f"call_{done}", "get_weather", "{}"), before=before)
        return ScriptedCall(ScriptedProvider(script), request)


class MortalLocal(Local):
    """Invocations for one thread die as they are doomed: (at which call, whether it is made).

    `executing` has an object for each leg that is being executed.
    """

    thread_id = "none"
    dooms: Mapping[str, list[tuple[int, bool]]] = {}
    died: Mapping[str, list[Dying]] = {}

    def __init__(self, *given: Any, **settings: Any) -> None:
        self.executing: list[object] = []
        super().__init__(*given, **settings)

    def invoke(self, function: str, event: Mapping[str, Any]) -> Any:
        if event.get("action") != "execute":
            return self._invoke(function, event)
        leg = object()
        self.executing.append(leg)
        try:
            return self._invoke(function, event)
        finally:
            self.executing.remove(leg)

    def _invoke(self, function: str, event: Mapping[str, Any]) -> Any:
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
        assert points, "it was never invoked"
        return points

    def _doom(self, dooms: Mapping[str, list[tuple[int, bool]]]) -> None:
        self._local.dooms = {what: list(each) for what, each in dooms.items()}
        self._local.died = {what: [] for what in dooms}

    # A run's life, as an app sees it

    def new_thread(self, says: str = "Hi") -> str:
        """A thread, to which from now on the dooms belong."""
        self._local.thread_id = self.system.thread(says)["id"]
        return str(self._local.thread_id)

    def new_run(self, kind: str, says: str = "Hi") -> Run:
        return self.system.run(self.new_thread(says), self.assistants[kind])

    def waits(self, run: Run) -> None:
        """It waits for outputs, and who has executed it until here has said so."""
        self.system.until(lambda: self.system.stored(run) == "requires_action", moving=0.25)
        self.system.until(lambda: not self._local.executing)

    def sleeps(self, run: Run) -> None:
        """Until the run's execution sleeps: its executor has answered, and is gone."""
        self.waits(run)
        arn = f"arn:aws:states:us-east-1:000000000000:execution:run:{run['id']}-1"
        self.system.until(lambda: self._local.states._journal.find(arn).due)

    def stops(self, run: Run) -> Run:
        """The run once it waits or is over."""
        stops = {PARK.target, *ENDS}
        self.system.until(lambda: self.system.stored(run) in stops, moving=0.25)
        return self.system.seen(run)

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


@contextmanager
def mortal(state: Path) -> Iterator[Trial]:
    with running(state, provider=Rounds(), local=MortalLocal) as system:
        yield Trial(system)
