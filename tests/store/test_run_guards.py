"""What each transition requires of the run, said once more and independently, on both databases."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

import pytest

from tests.objects import NOW, ref, run, run_ref, thread
from threadkeep.domain.run_state import TRANSITIONS
from threadkeep.domain.runs import Run, RunStatus
from threadkeep.store.actions import ConditionCheck, ConditionFailed
from threadkeep.store.database import Database
from threadkeep.store.keys import key_of
from threadkeep.store.new_runs import put_run
from threadkeep.store.run_guards import guard
from threadkeep.store.tables import RUNS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

STATUSES = get_args(RunStatus)
ACTIVE = {"queued", "in_progress", "requires_action", "cancelling"}
UNCHANGED = {"attempt", "steps", "open_step"}
# transition: from which statuses, before or after the deadline, and what must be as it was read
REQUIRED: dict[str, tuple[set[str], str, set[str]]] = {
    "claim": ({"queued", "in_progress"}, "before", {*UNCHANGED, "leg"}),
    "work": ({"in_progress"}, "before", UNCHANGED),
    "park": ({"in_progress"}, "before", UNCHANGED),
    "submit": ({"requires_action"}, "before", {*UNCHANGED, "leg"}),
    "complete": ({"in_progress"}, "before", UNCHANGED),
    "cut": ({"in_progress"}, "before", UNCHANGED),
    "fail": ({"in_progress"}, "before", UNCHANGED),
    "run out": ({"in_progress"}, "after", UNCHANGED),
    "stop": ({"cancelling"}, "before after", UNCHANGED),
    "ask to cancel": ({"in_progress"}, "before", set()),
    "cancel idle": ({"queued", "requires_action"}, "before", UNCHANGED),
    "expire": ({"queued", "in_progress", "requires_action"}, "after", UNCHANGED),
    "cancel": ({"cancelling"}, "before after", UNCHANGED),
    "crash": ({"queued", "in_progress"}, "before", {*UNCHANGED, "leg"}),
    "abandon": (ACTIVE, "before after", set()),
}
STALE: dict[str, Any] = {"attempt": 1, "steps": 1, "open_step": "tool_calls", "leg": 2}


@pytest.fixture
def database(client: "DynamoDBClient") -> Database:
    return Database(client)


@pytest.fixture
def stored(database: Database) -> Run:
    """A run that is written anew in each state that a test tries."""
    return run(thread().id, id="run_" + "0" * 24, attempt=2, steps=2, open_step="message_creation")


def passes(database: Database, name: str, there: Run, read: Run, now: int) -> bool:
    """Whether the transition may be written at `now` by one who has read that."""
    put = put_run(ref(there.thread_id), there)
    database.put(replace(put, condition=None))
    try:
        database.write(
            ConditionCheck(RUNS, key_of(run_ref(there)), guard(TRANSITIONS[name], read, now))
        )
    except ConditionFailed:
        return False
    return True


@pytest.mark.parametrize("name", REQUIRED)
def test_a_transition_starts_from_its_statuses_in_its_time(
    database: Database, stored: Run, name: str
) -> None:
    """From each other status, and on the other side of the deadline, it is refused."""
    sources, when, _ = REQUIRED[name]
    for status in STATUSES:
        there = replace(stored, status=status)
        for time, now in (("before", NOW + 599), ("after", NOW + 600)):
            allowed = status in sources and time in when.split()
            assert passes(database, name, there, there, now) is allowed, (status, time)


@pytest.mark.parametrize("name", REQUIRED)
def test_a_transition_needs_the_run_as_it_was_read(
    database: Database, stored: Run, name: str
) -> None:
    """Another attempt, another step begun or closed, or another leg is noticed."""
    sources, when, unchanged = REQUIRED[name]
    there = replace(stored, status=next(s for s in STATUSES if s in sources))
    now = NOW + 600 if when == "after" else NOW
    for field, value in STALE.items():
        read = replace(there, **{field: value})
        assert passes(database, name, there, read, now) is (field not in unchanged), field
    closed = replace(there, open_step=None)
    assert passes(database, name, closed, closed, now)
    assert passes(database, name, there, closed, now) is ("open_step" not in unchanged)


def test_every_transition_is_tried() -> None:
    """All but the creation, which requires that there is nothing."""
    assert {*REQUIRED, "create"} == set(TRANSITIONS)


@pytest.mark.parametrize(
    ("target", "step", "names"),
    [
        ("queued", None, {"create", "submit"}),
        ("in_progress", None, {"claim", "work"}),
        ("requires_action", None, {"park"}),
        ("cancelling", None, {"ask to cancel"}),
        ("completed", "completed", {"complete"}),
        ("incomplete", "completed", {"cut"}),
        ("failed", "failed", {"fail", "crash"}),
        ("expired", "expired", {"run out", "expire"}),
        ("cancelled", "cancelled", {"stop", "cancel idle", "cancel", "abandon"}),
    ],
)
def test_where_a_transition_leads(target: str, step: str | None, names: set[str]) -> None:
    """The run's new status, and what becomes of its open step."""
    found = {n for n, each in TRANSITIONS.items() if (each.target, each.step) == (target, step)}
    assert found == names
