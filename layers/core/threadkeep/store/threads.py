"""The `threads` table: the thread's item holds its lock and the place of its newest message."""

from collections.abc import Mapping, Sequence

from threadkeep.domain.errors import NotFound
from threadkeep.domain.objects import Message, Thread
from threadkeep.store.contents import put_messages
from threadkeep.store.database import Database, Put, Update
from threadkeep.store.expressions import (
    Condition,
    Value,
    absent,
    at_most,
    below,
    both,
    either,
    equal,
)
from threadkeep.store.items import Item, attributes, restore
from threadkeep.store.keys import ThreadRef
from threadkeep.store.tables import THREADS


def thread_of(item: Item | None, thread_id: str) -> Thread:
    """The thread in an item that was read, or NotFound."""
    if item is None:
        raise NotFound("thread", thread_id)
    return restore(Thread, item, thread_id)


def free(now: int) -> Condition:
    """No run holds the thread: a lock whose run is past its deadline is void."""
    return either(absent("active_run_id"), at_most("active_until", now))


def newer_than_all(first_id: str) -> Condition:
    """Nothing in the thread has an id as high as `first_id`."""
    return either(absent("last_message_id"), below("last_message_id", first_id))


def append(ref: ThreadRef, first_id: str, now: int, changes: Mapping[str, Value | None]) -> Update:
    """Add to a thread that is there, not locked, and has nothing newer."""
    return Update(THREADS, ref.key, changes, both(free(now), newer_than_all(first_id)))


def refused(found: Item | None, ref: ThreadRef, now: int) -> str | None:
    """Why `append` was refused: NotFound is raised; else the run that holds the lock, or None if
    the ids were not above the thread's.
    """
    thread = thread_of(found, ref.thread_id)
    if thread.active_run_id and (thread.active_until or 0) > now:
        return thread.active_run_id
    return None


def unlock(ref: ThreadRef, run_id: str) -> Update:
    """Give up the lock if it is this run's."""
    return Update(
        THREADS,
        ref.key,
        {"active_run_id": None, "active_until": None},
        equal("active_run_id", run_id),
    )


def put_thread(project_id: str, thread: Thread) -> Put:
    """A thread that was not there before."""
    ref = ThreadRef(project_id, thread.id)
    listed = {"project_id": project_id, "thread_id": thread.id}
    return Put(THREADS, {**ref.key, **listed, **attributes(thread)}, absent("thread"))


class Threads:
    """The threads of all projects."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, project_id: str, thread: Thread, messages: Sequence[Message]) -> None:
        """Write the thread and its first messages, or nothing."""
        ref = ThreadRef(project_id, thread.id)
        self._database.write(put_thread(project_id, thread), *put_messages(ref, messages))

    def get(self, ref: ThreadRef) -> Thread:
        """The thread, or NotFound."""
        return thread_of(self._database.get(THREADS, ref.key), ref.thread_id)
