"""The transactions of a run's life, and what they refuse."""

from dataclasses import replace

import pytest

from tests.objects import NOW, PROJECT, message, ref, run, run_ref, thread
from threadkeep.domain.errors import RunActive
from threadkeep.domain.objects import LastError, PageRequest, Run, Thread, Usage
from threadkeep.domain.run_state import COMPLETE, CRASH, EXPIRE
from threadkeep.domain.turns import begun_message, text_step
from threadkeep.store.open_turn import close_open_turn
from threadkeep.store.run_lost import RunLost
from threadkeep.store.store import Store

ALL = PageRequest(limit=100, order="asc")


@pytest.fixture
def queued(store: Store) -> Run:
    """A queued run on a thread of its own."""
    made = thread()
    store.threads.create(PROJECT, made, [])
    return store.new_runs.create(ref(made.id), made, run(made.id), [], NOW)


def begin(store: Store, claimed: Run) -> Run:
    begun = replace(claimed, steps=claimed.steps + 1, open_step="message_creation")
    step, answer = text_step(begun, NOW), begun_message(begun, NOW)
    return store.transitions.begin_turn(run_ref(claimed), claimed, step, answer, NOW)


def thread_after(store: Store, of: Run) -> Thread:
    return store.threads.get(ref(of.thread_id))


def test_a_run_is_stored_whole(store: Store) -> None:
    """Every field of the snapshot is read as it was written, floats and nested maps too."""
    made = thread()
    store.threads.create(PROJECT, made, [])
    wanted = run(
        made.id,
        instructions="Be brief. " * 2_000,
        tools=({"type": "function", "function": {"name": "f", "parameters": {"x": [1.5, None]}}},),
        temperature=0.1,
        metadata={"k": "v"},
        response_format={"type": "json_object"},
        usage=Usage(prompt_tokens=1),
        last_error=LastError(code="server_error", message="m"),
    )
    created = store.new_runs.create(ref(made.id), made, wanted, [], NOW)
    assert store.runs.get(run_ref(created), NOW) == created == replace(wanted, id=created.id)


def test_a_thread_takes_one_run(store: Store, queued: Run) -> None:
    """A second run is refused, naming both ids; its additional messages leave nothing behind."""
    more = [message(queued.thread_id, "refused")]
    with pytest.raises(RunActive) as refused:
        store.new_runs.create(
            ref(queued.thread_id), thread_after(store, queued), run(queued.thread_id), more, NOW
        )
    assert refused.value.run_id == queued.id
    assert store.messages.list(ref(queued.thread_id), ALL, NOW).data == []


def test_additional_messages_lie_before_the_run(store: Store) -> None:
    """They are stored in their order, below the place where the run's own messages will be."""
    made = thread()
    store.threads.create(PROJECT, made, [])
    more = [message(made.id, value) for value in "abc"]
    created = store.new_runs.create(ref(made.id), made, run(made.id), more, NOW)
    claimed = store.transitions.claim(run_ref(created), created, NOW)
    begin(store, claimed)
    page = store.messages.list(ref(made.id), ALL, NOW)
    assert [m.run_id for m in page.data] == [None, None, None, created.id]
    only = store.messages.list(ref(made.id), ALL, NOW, created.id)
    assert [m.run_id for m in only.data] == [created.id]


def test_a_claim_fences_older_attempts(store: Store, queued: Run) -> None:
    """After a second claim the first attempt can write nothing any more."""
    reference = run_ref(queued)
    first = store.transitions.claim(reference, queued, NOW)
    second = store.transitions.claim(reference, first, NOW)
    assert (first.attempt, second.attempt) == (1, 2)
    with pytest.raises(RunLost):
        begin(store, first)
    with pytest.raises(RunLost):
        store.transitions.end(reference, first, COMPLETE, NOW)
    with pytest.raises(RunLost):
        store.transitions.claim(reference, first, NOW)
    assert store.runs.read(reference) == second


def test_a_claim_undoes_a_begun_turn(store: Store, queued: Run) -> None:
    """The turn that an older attempt began is not there any more: it will be done again."""
    begun = begin(store, store.transitions.claim(run_ref(queued), queued, NOW))
    again = store.transitions.claim(run_ref(queued), begun, NOW)
    assert (again.steps, again.open_step) == (0, None)
    assert store.messages.list(ref(queued.thread_id), ALL, NOW).data == []
    assert store.run_steps.list(run_ref(queued), ALL, NOW).data == []


def test_ending_frees_the_thread(store: Store, queued: Run) -> None:
    """The lock is gone in the transaction that ends the run."""
    claimed = store.transitions.claim(run_ref(queued), queued, NOW)
    assert thread_after(store, queued).active_run_id == queued.id
    store.transitions.end(run_ref(queued), claimed, COMPLETE, NOW + 3)
    after = thread_after(store, queued)
    assert (after.active_run_id, after.active_until) == (None, None)
    assert store.runs.get(run_ref(queued), NOW + 3).completed_at == NOW + 3


def test_a_late_end_leaves_another_runs_lock_alone(store: Store, queued: Run) -> None:
    """When Settle comes late and a new run holds the lock, the old run ends and the lock stays."""
    late = NOW + 600
    newer = run(queued.thread_id, created_at=late, queued_at=late, expires_at=late + 600)
    made = store.new_runs.create(
        ref(queued.thread_id), thread_after(store, queued), newer, [], late
    )
    store.transitions.end(run_ref(queued), queued, EXPIRE, late + 5)
    stored = store.runs.read(run_ref(queued))
    assert stored is not None
    assert stored.status == "expired"
    assert thread_after(store, queued).active_run_id == made.id


def test_expiry_needs_its_time(store: Store, queued: Run) -> None:
    """Nothing expires before its deadline, and nothing completes after it."""
    with pytest.raises(RunLost):
        store.transitions.end(run_ref(queued), queued, EXPIRE, NOW + 599)
    claimed = store.transitions.claim(run_ref(queued), queued, NOW + 599)
    with pytest.raises(RunLost):
        store.transitions.end(run_ref(queued), claimed, COMPLETE, NOW + 600)
    with pytest.raises(RunLost):
        store.transitions.claim(run_ref(queued), claimed, NOW + 600)


def test_a_crash_closes_what_was_open(store: Store, queued: Run) -> None:
    """Settle fails the run, its step and its begun message in one transaction."""
    begun = begin(store, store.transitions.claim(run_ref(queued), queued, NOW))
    error = LastError(code="server_error", message="Sorry, something went wrong.")
    closing = close_open_turn(run_ref(queued), begun, CRASH, NOW + 9, error)
    store.transitions.end(run_ref(queued), begun, CRASH, NOW + 9, closing, last_error=error)
    (step,) = store.run_steps.list(run_ref(queued), ALL, NOW).data
    assert (step.status, step.failed_at, step.last_error) == ("failed", NOW + 9, error)
    (left,) = store.messages.list(ref(queued.thread_id), ALL, NOW).data
    assert (left.status, left.incomplete_reason) == ("incomplete", "run_failed")


def test_an_end_requires_the_run_as_read(store: Store, queued: Run) -> None:
    """Settle does not close the rows of a turn that was begun after it looked."""
    claimed = store.transitions.claim(run_ref(queued), queued, NOW)
    begin(store, claimed)
    with pytest.raises(RunLost):
        store.transitions.end(run_ref(queued), claimed, EXPIRE, NOW + 600)
