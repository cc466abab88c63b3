"""Everything that can happen to a thread's runs, in single steps that a test takes in any order.

Real functions over the emulator, but nobody serves streams and executions: the test does, late,
twice, or never. In the midst of a step anything else may happen. Time stands still during a step.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from infra.local.aws.dynamodb import StoredRecord
from infra.local.aws.function_error import FunctionError
from infra.local.aws.invocation import Invocation, current
from infra.local.aws.transport import AwsCall
from tests.chaos.invariants import Invariants
from tests.faults import Interception, Killed
from tests.system import System, proxy_event
from threadkeep.domain.errors import Superseded
from threadkeep.domain.references import RunRef
from threadkeep.domain.run_state import ACTIVE, SUBMIT, effective_status
from threadkeep.domain.runs import Run
from threadkeep.execution.engine import Turn
from threadkeep.execution.execute import Executor, judged
from threadkeep.execution.lookout import Lookout
from threadkeep.execution.settle import settle
from threadkeep.execution.sink import Sink
from threadkeep.execution.watch import Interrupted
from threadkeep.providers.port import Chunk
from threadkeep.store.held_run import RunLost, retry_on_lost_race

DIED = "the process died"
_FAILED = "batchItemFailures"
TOOLS = [{"type": "function", "function": {"name": "f"}}]


@dataclass
class Worker:
    """An attempt at a leg, one chunk at a time. Of the run it knows what it wrote itself."""

    ref: RunRef
    leg: int
    sink: Sink
    turn: Turn


class World(Interception):
    """A thread, its runs, and who works on them."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.invariants = Invariants(system.local)
        self.thread_id = ""
        self.workers: list[Worker] = []
        self.executions: dict[str, tuple[RunRef, int]] = {}
        self.deleted: dict[str, set[str]] = {}
        self.troubles: list[str] = []
        self._services = system.local.services
        store, clock = self._services.store, self._services.clock
        lookout = Lookout(store.runs, clock)
        self._executor = Executor(store, self._services.catalogue, clock, lookout, 0.0)
        self._records: dict[str, list[StoredRecord]] = {"runs": [], "threads": []}
        for table in self._records:
            system.local.dynamodb.trim(table, 1 << 60)
        self._assistant_id = system.assistant(tools=TOOLS)["id"]
        self.new_thread()

    def after(self, call: AwsCall, /) -> None:
        """Remember what was started."""
        if call.operation == "StartExecution":
            run = json.loads(call.request["input"])["run"]
            self.executions[call.request["name"]] = (RunRef.of(run), run["leg"])

    @contextmanager
    def midst(self, *happenings: Interception) -> Iterator[None]:
        """These happen in the midst of the step in the block."""
        interceptors = self.system.local.transport.interceptors
        before = list(interceptors)
        interceptors += happenings
        try:
            yield
        finally:
            interceptors[:] = before

    # What is there

    @property
    def runs(self) -> list[Run]:
        return self.invariants.runs(self.thread_id)

    def status(self, run: Run) -> str:
        return effective_status(run, self._services.clock.now())

    def awaited(self, run: Run) -> list[str]:
        """The ids of the calls whose outputs the run waits for."""
        steps = self.invariants.steps(run) if run.status in SUBMIT.sources else []
        waiting = (step for step in steps if step.id == run.open_step_id)
        return [call.id for step in waiting for call in step.calls]

    def active(self) -> Run | None:
        """The run that holds the thread."""
        return next((run for run in self.runs if self.status(run) in ACTIVE), None)

    # What apps do. Each gives the text of the error, if it was one.

    def renew(self) -> None:
        """Go on with a new thread if this one is gone."""
        if self.invariants.thread(self.thread_id) is None:
            self.new_thread()

    def new_thread(self) -> None:
        self.thread_id = self.system.thread("Hi")["id"]
        self.invariants.watch(self.thread_id)

    def delete_thread(self) -> str | None:
        self.deleted[self.thread_id] = {run.id for run in self.runs}
        return self._ask("DELETE", "")

    def add_message(self) -> str | None:
        return self._ask("POST", "/messages", {"role": "user", "content": "Hm"})

    def create_run(self, *, streamed: bool = False) -> str | None:
        more = [{"role": "user", "content": "More"}]
        body = {"assistant_id": self._assistant_id, "additional_messages": more, "stream": streamed}
        return self._ask("POST", "/runs", body)

    def submit(self, run: Run, *ids: str, streamed: bool = False) -> str | None:
        body = {"tool_outputs": [{"tool_call_id": id_, "output": "x"} for id_ in ids]}
        return self._ask(
            "POST", f"/runs/{run.id}/submit_tool_outputs", {**body, "stream": streamed}
        )

    def cancel(self, run: Run) -> str | None:
        return self._ask("POST", f"/runs/{run.id}/cancel")

    def change_metadata(self, path: str) -> str | None:
        return self._ask("POST", path, {"metadata": {"k": "v"}})

    def delete_message(self, message_id: str) -> str | None:
        text = self._ask("DELETE", f"/messages/{message_id}")
        there = [message.id for message in self.invariants.messages(self.thread_id)]
        if message_id not in there:
            self.invariants.removed(message_id)
        return text

    # What the machinery does

    def dispatch(self, again: int = 0) -> None:
        """Bring the new records to the dispatcher, and that many older ones once more."""
        self._deliver("runs", "dispatcher", again)

    def clean(self) -> None:
        """Bring all removals of threads to the cleaner, again and again."""
        self._deliver("threads", "cleaner", 100)

    def take_up(self, ref: RunRef, leg: int) -> None:
        """An execution calls the executor, which claims the leg if it can."""
        with self._process():
            if sink := retry_on_lost_race(lambda: self._executor.claim(ref, leg)):
                self.workers.append(Worker(ref, leg, sink, Turn(parallel=True)))

    def work(self, worker: Worker, said: Chunk | Interrupted) -> None:
        """The worker takes what the model said; it may have been superseded for long."""
        self.workers = [each for each in self.workers if each is not worker]
        with self._process():
            try:
                if all(worker.sink.write(event) for event in worker.turn.take(said)):
                    self.workers.append(worker)
            except RunLost:
                with suppress(Superseded):
                    retry_on_lost_race(lambda: self._executor.answer(worker.ref, worker.leg))

    def look(self, worker: Worker) -> None:
        """The worker looks whether it may go on, and stops if not."""
        with self._process():
            found = self._services.store.runs.standings([worker.ref]).get(worker.ref)
            news = judged(worker.sink.held.run, found)
            if isinstance(news, Interrupted):
                self.work(worker, news)
            elif news:
                self.workers = [each for each in self.workers if each is not worker]

    def settle(self, ref: RunRef, leg: int) -> None:
        with self._process():
            settle(ref, leg, self._services.store, self._services.clock)

    def _deliver(self, table: str, function: str, again: int) -> None:
        """Bring the new records to the function, and that many older ones: until it is done."""
        old, new = self._records[table], self._new_records(table)
        event = {"Records": [record.document for record in [*old[-again:][:again], *new]]}
        with self._surviving():
            if event["Records"] and not self.system.local.invoke(function, event)[_FAILED]:
                self._records[table] = [*old, *new]

    def _new_records(self, table: str) -> list[StoredRecord]:
        seen = self._records[table]
        after = seen[-1].sequence if seen else 0
        new = self.system.local.dynamodb.records(table, after, 10_000)
        wanted = {"runs": ("INSERT", "MODIFY"), "threads": ("REMOVE",)}[table]
        return [record for record in new if record.document["eventName"] in wanted]

    @contextmanager
    def _process(self) -> Iterator[None]:
        """An executor's process, which may die."""
        token = current.set(Invocation("executor"))
        try:
            yield
        except Killed:
            pass
        finally:
            current.reset(token)

    def _ask(self, method: str, path: str, body: Any = None) -> str | None:
        whole = f"/threads/{self.thread_id}{path}"
        event, function = proxy_event(method, whole, body, "acme")
        with self._surviving():
            answer = self.system.local.invoke(function, event)
            if answer["statusCode"] == 200:
                return None
            text = str(json.loads(answer["body"])["error"]["message"])
            if answer["statusCode"] >= 500:
                self.troubles.append(f"{method} {path}: {text}")
            return text
        return DIED

    @contextmanager
    def _surviving(self) -> Iterator[None]:
        """A function may die; anything else that it raises is a trouble."""
        try:
            yield
        except FunctionError as error:
            if error.type != Killed.__name__:
                self.troubles.append(error.type)
