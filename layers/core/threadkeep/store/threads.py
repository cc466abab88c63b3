"""The `threads` table: the thread's item holds its lock and the place of its newest message."""

from collections.abc import Iterator, Mapping, Sequence

from threadkeep.domain.errors import NotFound
from threadkeep.domain.objects import Message, Page, PageRequest, Thread
from threadkeep.domain.references import ThreadRef
from threadkeep.store.actions import Delete, Put, Update
from threadkeep.store.contents import put_messages
from threadkeep.store.database import Database
from threadkeep.store.expressions import (
    Change,
    Condition,
    absent,
    at_most,
    below,
    between,
    both,
    either,
    equal,
    exists,
)
from threadkeep.store.items import Item, attributes, differences, restore
from threadkeep.store.keys import key_of
from threadkeep.store.pages import Range, ids_between, page
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


def append(ref: ThreadRef, first_id: str, now: int, changes: Mapping[str, Change]) -> Update:
    """Add to a thread that is there, not locked, and has nothing newer."""
    return Update(THREADS, key_of(ref), changes, both(free(now), newer_than_all(first_id)))


def unlocked(now: int) -> Condition:
    """The thread is there, and no run holds it."""
    return both(exists("thread"), free(now))


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
        key_of(ref),
        {"active_run_id": None, "active_until": None},
        equal("active_run_id", run_id),
    )


def put_thread(project_id: str, thread: Thread) -> Put:
    """A thread that was not there before."""
    ref = ThreadRef(project_id, thread.id)
    listed = {"project_id": project_id, "thread_id": thread.id}
    return Put(THREADS, {**key_of(ref), **listed, **attributes(thread)}, absent("thread"))


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
        return thread_of(self._database.get(THREADS, key_of(ref)), ref.thread_id)

    def list(self, project_id: str, request: PageRequest) -> Page[Thread]:
        """A page of the project's threads, by an index: what was just made may not be in it yet."""
        range_ = ids_between("thread", request)

        def read(range_: Range, limit: int) -> Iterator[Item]:
            condition = both(
                equal("project_id", project_id), between("thread_id", range_.low, range_.high)
            )
            return self._database.query(
                THREADS, condition, limit=limit, forward=range_.forward, index=THREADS.index
            )

        ids = page(request, range_, read, lambda item: str(item["thread_id"]))
        keys = [(THREADS, key_of(ThreadRef(project_id, id_))) for id_ in ids.data]
        found = self._database.get_many(*keys)
        data = [restore(Thread, item, str(item["thread_id"])) for item in found if item]
        return Page(data=data, has_more=ids.has_more)

    def modify(self, ref: ThreadRef, before: Thread, after: Thread) -> None:
        """Write what differs, whether or not a run is active: never the lock."""
        missing = NotFound("thread", ref.thread_id)
        self._database.change(missing, Update(THREADS, key_of(ref), differences(before, after)))

    def delete(self, ref: ThreadRef) -> None:
        """Remove the thread's item, or NotFound. From then on nothing under it is answered.

        A run that is going needs no cancel: the cleaner, fed by the removal, fences it.
        """
        missing = NotFound("thread", ref.thread_id)
        self._database.change(missing, Delete(THREADS, key_of(ref)))
