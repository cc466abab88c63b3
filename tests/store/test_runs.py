"""The transactions of a run's life, and what they refuse."""

from dataclasses import replace

import pytest

from tests.objects import NOW, PROJECT, new_message, ref, run_ref, snapshot, thread
from threadkeep.domain.errors import RunActive
from threadkeep.domain.objects import PageRequest, Thread
from threadkeep.domain.run_state import COMPLETE, CRASH, EXPIRE, created
from threadkeep.domain.runs import LastError, Run
from threadkeep.domain.turns import OpenTurn
from threadkeep.store.held_run import HeldRun, RunLost
from threadkeep.store.store import Store

ALL = PageRequest(limit=100, order="asc")


@pytest.fixture
def queued(store: Store) -> HeldRun:
    """A queued run on a thread of its own."""
    made = thread()
    store.threads.create(PROJECT, made, [])
    return held(store.new_runs.create(ref(made.id), made, snapshot(made.id), [], NOW))


def held(of: Run) -> HeldRun:
    return HeldRun(run_ref(of), of)


def begin(store: Store, claimed: HeldRun) -> tuple[HeldRun, OpenTurn]:
    begun = replace(claimed.run, steps=claimed.run.steps + 1, open_step="message_creation")
    turn = OpenTurn.begun(begun, "message_creation", NOW)
    return store.transitions.begin_turn(claimed, begun, turn, NOW), turn


def thread_after(store: Store, of: HeldRun) -> Thread:
    return store.threads.get(of.ref.thread)


def test_a_run_is_stored_whole(store: Store) -> None:
    """Every field of the snapshot is read as it was written, floats and nested maps too."""
    made = thread()
    store.threads.create(PROJECT, made, [])
    wanted = snapshot(
        made.id,
        instructions="Be brief. " * 2_000,
        tools=({"type": "function", "function": {"name": "f", "parameters": {"x": [1.5, None]}}},),
        temperature=0.1,
        metadata={"k": "v"},
        response_format={"type": "json_object"},
        truncation_strategy={"type": "last_messages", "last_messages": 3},
    )
    queued = store.new_runs.create(ref(made.id), made, wanted, [], NOW)
    assert store.runs.get(run_ref(queued), NOW) == queued == created(wanted, queued.id)


def test_a_thread_takes_one_run(store: Store, queued: HeldRun) -> None:
    """A second run is refused, naming both ids; its additional messages leave nothing behind."""
    of, there = queued.ref.thread, thread_after(store, queued)
    more = [new_message(there.id, "refused")]
    with pytest.raises(RunActive) as refused:
        store.new_runs.create(of, there, snapshot(there.id), more, NOW)
    assert refused.value.run_id == queued.run.id
    assert store.messages.list(of, ALL, NOW).data == []


def test_additional_messages_lie_before_the_run(store: Store) -> None:
    """They are stored in their order, below the place where the run's own messages will be."""
    made = thread()
    store.threads.create(PROJECT, made, [])
    more = [new_message(made.id, value) for value in "abc"]
    queued = store.new_runs.create(ref(made.id), made, snapshot(made.id), more, NOW)
    begin(store, store.transitions.claim(held(queued), NOW))
    page = store.messages.list(ref(made.id), ALL, NOW)
    assert [m.run_id for m in page.data] == [None, None, None, queued.id]
    only = store.messages.list(ref(made.id), ALL, NOW, queued.id)
    assert [m.run_id for m in only.data] == [queued.id]


def test_a_claim_fences_older_attempts(store: Store, queued: HeldRun) -> None:
    """After a second claim the first attempt can write nothing any more."""
    first = store.transitions.claim(queued, NOW)
    second = store.transitions.claim(first, NOW)
    assert (first.run.attempt, second.run.attempt) == (1, 2)
    with pytest.raises(RunLost):
        begin(store, first)
    with pytest.raises(RunLost):
        store.transitions.end(first, COMPLETE, None, NOW)
    with pytest.raises(RunLost):
        store.transitions.claim(first, NOW)
    assert store.runs.read(queued.ref) == second.run


def test_a_claim_undoes_a_begun_turn(store: Store, queued: HeldRun) -> None:
    """The turn that an older attempt began is not there any more: it will be done again."""
    begun, _ = begin(store, store.transitions.claim(queued, NOW))
    again = store.transitions.claim(begun, NOW).run
    assert (again.steps, again.open_step) == (0, None)
    assert store.messages.list(queued.ref.thread, ALL, NOW).data == []
    assert store.run_steps.list(queued.ref, ALL, NOW).data == []


def test_ending_frees_the_thread(store: Store, queued: HeldRun) -> None:
    """The lock is gone in the transaction that ends the run."""
    claimed = store.transitions.claim(queued, NOW)
    assert thread_after(store, queued).active_run_id == queued.run.id
    store.transitions.end(claimed, COMPLETE, None, NOW + 3)
    after = thread_after(store, queued)
    assert (after.active_run_id, after.active_until) == (None, None)
    assert store.runs.get(queued.ref, NOW + 3).completed_at == NOW + 3


def test_a_late_end_leaves_another_runs_lock_alone(store: Store, queued: HeldRun) -> None:
    """When Settle comes late and a new run holds the lock, the old run ends and the lock stays."""
    late, there = NOW + 600, thread_after(store, queued)
    newer = snapshot(there.id, created_at=late, expires_at=late + 600)
    made = store.new_runs.create(queued.ref.thread, there, newer, [], late)
    store.transitions.end(queued, EXPIRE, None, late + 5)
    stored = store.runs.read(queued.ref)
    assert stored is not None
    assert stored.status == "expired"
    assert thread_after(store, queued).active_run_id == made.id


def test_expiry_needs_its_time(store: Store, queued: HeldRun) -> None:
    """Nothing expires before its deadline, and nothing completes after it."""
    with pytest.raises(RunLost):
        store.transitions.end(queued, EXPIRE, None, NOW + 599)
    claimed = store.transitions.claim(queued, NOW + 599)
    with pytest.raises(RunLost):
        store.transitions.end(claimed, COMPLETE, None, NOW + 600)
    with pytest.raises(RunLost):
        store.transitions.claim(claimed, NOW + 600)


def test_a_crash_closes_what_was_open(store: Store, queued: HeldRun) -> None:
    """Settle fails the run, its step and its begun message in one transaction."""
    begun, turn = begin(store, store.transitions.claim(queued, NOW))
    error = LastError(code="server_error", message="Sorry, something went wrong.")
    closed = turn.ended_by(CRASH, NOW + 9, error)
    store.transitions.end(begun, CRASH, closed, NOW + 9, error=error)
    (step,) = store.run_steps.list(queued.ref, ALL, NOW).data
    assert (step.status, step.failed_at, step.last_error) == ("failed", NOW + 9, error)
    (left,) = store.messages.list(queued.ref.thread, ALL, NOW).data
    assert (left.status, left.incomplete_reason) == ("incomplete", "run_failed")


def test_an_end_requires_the_run_as_read(store: Store, queued: HeldRun) -> None:
    """Settle does not close the rows of a turn that was begun after it looked."""
    claimed = store.transitions.claim(queued, NOW)
    begin(store, claimed)
    with pytest.raises(RunLost):
        store.transitions.end(claimed, EXPIRE, None, NOW + 600)
