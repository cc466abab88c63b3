"""Threads, their messages, and the lock."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.objects import NOW, PROJECT, long_text, message, new_message, ref, snapshot, thread
from threadkeep.domain.content import text_of
from threadkeep.domain.errors import InvalidRequest, NotFound, ThreadLocked
from threadkeep.domain.ids import IdSource
from threadkeep.domain.objects import PageRequest, Thread
from threadkeep.domain.references import ThreadRef
from threadkeep.store.database import Database
from threadkeep.store.store import Store

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

ALL = PageRequest(limit=100, order="asc")


def new_thread(store: Store) -> Thread:
    made = thread()
    store.threads.create(PROJECT, made, [])
    return made


def values(store: Store, of: Thread, request: PageRequest = ALL) -> list[str]:
    page = store.messages.list(ref(of.id), request, NOW)
    return [text_of(m.content) for m in page.data]


def test_what_was_stored_comes_back(store: Store) -> None:
    """A thread and its messages are read as they were written, metadata and all."""
    made = thread(metadata={"k": "v"}, tool_resources={"file_search": {"vector_store_ids": []}})
    first = message(made.id, "Hi", metadata={"a": "b"}, completed_at=NOW)
    store.threads.create(PROJECT, made, [first])
    assert store.threads.get(ref(made.id)) == made
    assert store.messages.list(ref(made.id), ALL, NOW).data == [first]


def test_another_project_finds_nothing(store: Store) -> None:
    """The project is part of the key: a thread of somebody else is not there."""
    made = new_thread(store)
    with pytest.raises(NotFound):
        store.threads.get(ThreadRef("other", made.id))
    with pytest.raises(NotFound):
        store.messages.create(ThreadRef("other", made.id), new_message(made.id), NOW)


def test_messages_keep_their_order(store: Store, client: "DynamoDBClient") -> None:
    """An id that is not above the thread's last is made anew, whatever the writers' clocks show."""
    made = new_thread(store)
    other = Store(Database(client), IdSource())
    first = other.messages.create(ref(made.id), new_message(made.id, "first"), NOW + 10)
    second = store.messages.create(ref(made.id), new_message(made.id, "second"), NOW)
    assert second.id > first.id
    assert values(store, made) == ["first", "second"]


def test_concurrent_messages_are_all_kept(store: Store) -> None:
    """30 writers of one thread lose nothing, and every reader sees one order."""
    made = new_thread(store)
    texts = [str(n) for n in range(30)]
    with ThreadPoolExecutor(30) as pool:
        new = [new_message(made.id, text) for text in texts]
        list(pool.map(lambda each: store.messages.create(ref(made.id), each, NOW), new))
    seen = values(store, made)
    assert sorted(seen, key=int) == texts
    assert values(store, made, PageRequest(limit=100))[::-1] == seen


def test_a_locked_thread_takes_no_message(store: Store) -> None:
    """While a run is active a message is refused, naming both; past its deadline it is not."""
    made = new_thread(store)
    active = store.new_runs.create(ref(made.id), made, snapshot(made.id), [], NOW)
    with pytest.raises(ThreadLocked) as refused:
        store.messages.create(ref(made.id), new_message(made.id), NOW)
    assert (refused.value.thread_id, refused.value.run_id) == (made.id, active.id)
    assert values(store, made) == []
    late = replace(new_message(made.id, "late"), created_at=NOW + 600)
    store.messages.create(ref(made.id), late, NOW + 600)
    assert values(store, made) == ["late"]


@pytest.mark.parametrize("first", [0x01, 0x61, 0x4E00, 0x1F600])
def test_the_longest_message_is_kept_whole(store: Store, first: int) -> None:
    """256,000 characters of any Unicode are stored and listed as they were sent."""
    made = new_thread(store)
    value = long_text(1, range(first, first + 60))
    store.messages.create(ref(made.id), new_message(made.id, value), NOW)
    store.messages.create(ref(made.id), new_message(made.id, "short"), NOW)
    assert values(store, made) == [value, "short"]


def test_too_much_at_once_is_refused(store: Store) -> None:
    """More than a transaction takes is a clear error, and nothing of it is written."""
    made = thread()
    with pytest.raises(InvalidRequest, match="at most 90"):
        store.threads.create(PROJECT, made, [message(made.id) for _ in range(100)])
    with pytest.raises(NotFound):
        store.threads.get(ref(made.id))
