"""What holds of every run and thread at any time, whatever raced, died or came twice.

Read from the emulator itself, past the code that is under test. `check` remembers what it has seen:
what is over must not change, what was closed must not open, and nothing moves.
"""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from infra.local.aws.dynamodb import DynamoDB
from infra.local.server import Local
from threadkeep.domain.clock import Clock
from threadkeep.domain.content import text_of
from threadkeep.domain.ids import end_of_run, of_run
from threadkeep.domain.objects import Message, Thread
from threadkeep.domain.run_state import (
    ACTIVE,
    CLAIM,
    CREATE,
    ENDS,
    SUBMIT,
    TRANSITIONS,
    Transition,
    effective,
    effective_status,
)
from threadkeep.domain.runs import Run, RunStep, Usage
from threadkeep.store.items import Item, from_dynamodb, restore
from threadkeep.store.runs import run_of
from threadkeep.store.tables import (
    CONTENTS,
    MESSAGES,
    RUN_EVENTS,
    RUN_STEPS,
    RUNS,
    THREADS,
    Table,
)
from threadkeep.wire import run_objects

PROJECT = "acme"


class Invariants:
    """Watches the threads that it is told of.

    `late`: seconds that may pass between a writer's look at the clock and its write.
    """

    def __init__(self, local: Local, late: int = 0) -> None:
        self._late = late
        self._dynamodb: DynamoDB = local.dynamodb
        self._clock: Clock = local.services.clock
        self._after = 0
        self._threads: set[str] = set()
        self._over: dict[str, Any] = {}
        self._closed: dict[str, Any] = {}
        self._seen: defaultdict[str, set[str]] = defaultdict(set)
        self._marked: defaultdict[str, set[str]] = defaultdict(set)
        self._highest: defaultdict[str, str] = defaultdict(str)
        self._floors: dict[str, str] = {}
        self._removed: set[str] = set()

    def watch(self, thread_id: str) -> None:
        self._threads.add(thread_id)

    def removed(self, message_id: str) -> None:
        """The app has deleted this message: it must not come back."""
        self._removed.add(message_id)

    def check(self) -> None:
        self._follow()
        for thread_id in sorted(self._threads):
            thread = self.thread(thread_id)
            if thread is None:
                self._threads.remove(thread_id)
            else:
                self._check_thread(thread)

    def runs(self, thread_id: str) -> list[Run]:
        return [run_of(item) for item in self.rows(RUNS, f"{PROJECT}/{thread_id}")]

    def messages(self, thread_id: str) -> list[Message]:
        rows = self.rows(MESSAGES, f"{PROJECT}/{thread_id}")
        return [restore(Message, row, str(row["message_id"])) for row in rows]

    def steps(self, run: Run) -> list[RunStep]:
        rows = self.rows(RUN_STEPS, f"{PROJECT}/{run.thread_id}/{run.id}")
        return [restore(RunStep, row, str(row["step_id"])) for row in rows]

    def left(self, thread_id: str, run_ids: Iterable[str]) -> int:
        """How many rows there are under a thread, but for the empty rows of logs, which expire."""
        thread = f"{PROJECT}/{thread_id}"
        count = sum(len(self.rows(table, thread)) for table in (CONTENTS, MESSAGES, RUNS))
        of_runs = [(t, run_id) for t in (RUN_STEPS, RUN_EVENTS) for run_id in run_ids]
        rows = [row for t, run_id in of_runs for row in self.rows(t, f"{thread}/{run_id}")]
        emptied = [row for row in rows if row.get("row") == "sealed"]
        assert not any("object" in row for row in emptied)
        return count + len(rows) - len(emptied)

    def rows(self, table: Table, partition: str) -> list[Item]:
        query = {
            "TableName": table.name,
            "KeyConditionExpression": "#k = :k",
            "ExpressionAttributeNames": {"#k": table.partition_key.name},
            "ExpressionAttributeValues": {":k": {"S": partition}},
            "ConsistentRead": True,
        }
        return [from_dynamodb(item) for item in self._dynamodb.call("Query", query)["Items"]]

    def thread(self, thread_id: str) -> Thread | None:
        key = {"thread": {"S": f"{PROJECT}/{thread_id}"}}
        request = {"TableName": THREADS.name, "Key": key, "ConsistentRead": True}
        found = self._dynamodb.call("GetItem", request).get("Item")
        return restore(Thread, from_dynamodb(found), thread_id) if found else None

    def _follow(self) -> None:
        """Every change of a run is a transition of the table, by the stream's images."""
        while records := self._dynamodb.records(RUNS.name, self._after, 1_000):
            self._after = records[-1].sequence
            for record in records:
                change = record.document["dynamodb"]
                old, new = (
                    run_of(from_dynamodb(change[image])) if image in change else None
                    for image in ("OldImage", "NewImage")
                )
                at = change["ApproximateCreationDateTime"]
                _check_change(old, new, earliest=at - self._late, latest=at)

    def _check_thread(self, thread: Thread) -> None:
        now = self._clock.now()
        runs, messages = self.runs(thread.id), self.messages(thread.id)
        active = [run.id for run in runs if effective_status(run, now) in ACTIVE]
        locked = thread.active_run_id and (thread.active_until or 0) > now
        assert active == ([thread.active_run_id] if locked else [])
        assert thread.user_messages == sum(message.role == "user" for message in messages)
        self._check_order(thread.id, runs, messages)
        for run in runs:
            steps = self.steps(run)
            own = [message for message in messages if message.run_id == run.id]
            self._check_steps(run, steps, own)
            self._check_events(run, own)
            if run.status not in ACTIVE:
                assert run.usage == sum((step.usage or Usage() for step in steps), Usage())
            if effective_status(run, now) not in ACTIVE:
                seen = {**run_objects.run_object(effective(run, now)), "metadata": None}
                before = self._over.setdefault(run.id, seen)
                changed = [name for name in seen if before[name] != seen[name]]
                assert not changed, f"a run that was over changed: {changed}"

    def _check_order(self, thread_id: str, runs: list[Run], messages: list[Message]) -> None:
        """What is new lies behind all that was there; a run's messages behind what it began with.

        No message comes back.
        """
        ids, highest = {message.id for message in messages}, self._highest[thread_id]
        assert not ids & self._removed, "a deleted message came back"
        for run in runs:
            self._floors.setdefault(run.id, highest)
        for message in messages:
            if message.id not in self._seen[thread_id]:
                floor = self._floors[message.run_id] if message.run_id else highest
                assert message.id > floor, "a message was put before an older one"
            if message.run_id:
                assert of_run("msg", message.run_id, 0)[:15] <= message.id
                assert message.id <= end_of_run("msg", message.run_id)
        self._check_metadata(thread_id, [*runs, *messages])
        self._seen[thread_id] |= ids
        ends = [end_of_run("msg", run.id) for run in runs]
        self._highest[thread_id] = max([highest, *ids, *ends])

    def _check_metadata(self, thread_id: str, there: list[Run | Message]) -> None:
        """What the app has written on anything stays, whoever writes the rest of it."""
        marked = {each.id for each in there if each.metadata}
        lost = self._marked[thread_id] & {each.id for each in there} - marked
        assert not lost, "metadata was lost"
        self._marked[thread_id] = marked

    def _check_steps(self, run: Run, steps: list[RunStep], own: list[Message]) -> None:
        """As many as were begun, one open at most; a message for each that makes one."""
        assert [step.id for step in steps] == [of_run("step", run.id, n) for n in range(run.steps)]
        open_ = [step.id for step in steps if step.status == "in_progress"]
        assert open_ == ([run.open_step_id] if run.open_step else [])
        making = {step.message_id: step for step in steps if step.type == "message_creation"}
        assert {message.id for message in own} | (self._removed & making.keys()) == making.keys()
        for message in own:
            step = making[message.id]
            assert (message.status == "in_progress") == (step.status == "in_progress")
            assert (message.status == "completed") <= (step.status == "completed")
        closed: list[Message | RunStep] = [replace(m, metadata={}) for m in own]
        for each in [*steps, *closed]:
            if each.status != "in_progress":
                assert self._closed.setdefault(each.id, each) == each, "what was closed changed"

    def _check_events(self, run: Run, own: list[Message]) -> None:
        """Numbered without gaps, one end at the end, and what was told is what is there."""
        rows = self.rows(RUN_EVENTS, f"{PROJECT}/{run.thread_id}/{run.id}")
        assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
        if not rows:
            return
        told = [str(row.get("event")).removeprefix("thread.run.") for row in rows]
        ends = [n for n, status in enumerate(told) if status in ENDS]
        assert ends == ([len(told) - 1] if run.status not in ACTIVE else []), (
            f"{run.status}: {told}"
        )
        created = [row["object_id"] for row in rows if row.get("event") == "thread.message.created"]
        assert len(created) == len(set(created)), "a message was announced twice"
        for message in own:
            if message.id in created and message.status != "in_progress":
                assert _told(rows, message.id) == text_of(message.content)


def _told(rows: list[Item], message_id: str) -> str:
    """The pieces of a message that were told, joined."""
    deltas = [row for row in rows if row.get("event") == "thread.message.delta"]
    own = [row for row in deltas if row["object_id"] == message_id]
    return "".join(json.loads(str(row["object"]))["text"] for row in own)


def _check_change(old: Run | None, new: Run | None, earliest: int, latest: int) -> None:
    if new is None:
        assert old is not None
        assert old.status not in ACTIVE, "an active run was removed"
    elif old is None:
        assert (new.status, new.leg, new.attempt) == (CREATE.target, 1, 0)
    elif replace(old, metadata={}) != replace(new, metadata={}):
        fits = [_fits(t, old, new, earliest, latest) for t in TRANSITIONS.values()]
        assert any(fits), f"{old.status} → {new.status} at {latest}"


def _fits(transition: Transition, old: Run, new: Run, earliest: int, latest: int) -> bool:
    """Whether this change is this transition: statuses, leg, attempt, deadline."""
    deadline = old.expires_at
    in_time = {"before": earliest < deadline, "after": latest >= deadline, "any": True}
    return (
        old.status in transition.sources
        and new.status == transition.target
        and new.leg - old.leg == (transition is SUBMIT)
        and new.attempt - old.attempt == (transition is CLAIM)
        and in_time[transition.deadline]
    )
