"""The `messages` table. A run's messages are a range of ids: no index."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from threadkeep.domain.errors import InvalidRequest, NotFound, Overloaded, ThreadLocked
from threadkeep.domain.ids import IdSource, end_of_run, of_run, place
from threadkeep.domain.objects import Message, NewMessage, Page, PageRequest
from threadkeep.domain.references import RunRef, ThreadRef
from threadkeep.domain.run_state import ENDS
from threadkeep.domain.runs import Run
from threadkeep.domain.turns import effective_message
from threadkeep.store.actions import Action, ConditionCheck, ConditionFailed, Delete, Update
from threadkeep.store.contents import content_keys, message_of, put_messages, with_contents
from threadkeep.store.database import Database
from threadkeep.store.expressions import Add, Change, Value, between, both, equal, exists
from threadkeep.store.items import Item, differences
from threadkeep.store.keys import key_of
from threadkeep.store.pages import Range, ids_between, page
from threadkeep.store.round_trips import together
from threadkeep.store.runs import run_of
from threadkeep.store.tables import CONTENTS, MESSAGES, RUNS, THREADS
from threadkeep.store.threads import append, refused, thread_of, unlocked

_TRIES = 60


class Messages:
    """The messages of all threads."""

    def __init__(self, database: Database, ids: IdSource) -> None:
        self._database = database
        self._ids = ids

    def create(self, ref: ThreadRef, new: NewMessage, now: float) -> Message:
        """Add a message at the end of its thread.

        What may race is other writers of the thread. The thread's `last_message_id` decides: a
        write whose id is not above it is refused, and made again with a higher one, so no answer
        sorts before its question whatever the clocks of two writers show.
        """
        message = new.named(self._ids.new("msg", now))
        for _ in range(_TRIES):
            changes: dict[str, Change] = {"last_message_id": message.id}
            if message.role == "user":
                changes["user_messages"] = Add(1)
            thread = append(ref, message.id, message.created_at, changes)
            try:
                self._database.write(thread, *put_messages(ref, [message]))
            except ConditionFailed as lost:
                found = lost.found.get(0)
                if run_id := refused(found, ref, message.created_at):
                    raise ThreadLocked(ref.thread_id, run_id) from None
                message = new.named(self._ids.new("msg", now, after=_last_place(found)))
            else:
                return message
        raise Overloaded

    def list(
        self, ref: ThreadRef, request: PageRequest, now: float, run_id: str | None = None
    ) -> Page[Message]:
        """A page of the thread's messages as readers see them at `now`, or NotFound. `run_id`: only
        what that run produced.
        """
        within = (of_run("msg", run_id, 0)[:-11], end_of_run("msg", run_id)) if run_id else None
        range_ = ids_between("msg", request, within)
        found, items = together(
            lambda: self._database.get(THREADS, key_of(ref)),
            lambda: page(request, range_, lambda r, n: self._read(ref, r, n), dict),
        )
        thread_of(found, ref.thread_id)
        whole = self._effective(ref, self._whole(ref, items.data), now)
        # Another run's id may lie in the same place: only the item tells who produced it.
        data = [message for message in whole if run_id in (None, message.run_id)]
        return Page(data=data, has_more=items.has_more and bool(data))

    def get(self, ref: ThreadRef, message_id: str, now: float) -> Message:
        """The message as readers see it at `now`, or NotFound."""
        found, item = self._database.get_many(
            (THREADS, key_of(ref)), (MESSAGES, _key(ref, message_id))
        )
        thread_of(found, ref.thread_id)
        if item is None:
            raise NotFound("message", message_id)
        return self._effective(ref, self._whole(ref, [item]), now)[0]

    def modify(self, ref: ThreadRef, before: Message, after: Message) -> None:
        """Write what differs, also under a lock: it does not change the prompt."""
        missing = NotFound("message", before.id)
        changes = Update(MESSAGES, _key(ref, before.id), differences(before, after))
        self._database.change(missing, changes)

    def delete(self, ref: ThreadRef, message_id: str, now: int) -> None:
        """Remove the message and its content, or NotFound; refused while a run is active."""
        found, item = self._database.get_many(
            (THREADS, key_of(ref)), (MESSAGES, _key(ref, message_id))
        )
        thread_of(found, ref.thread_id)
        if item is None:
            raise NotFound("message", message_id)
        thread: Action = ConditionCheck(THREADS, key_of(ref), unlocked(now))
        if item["role"] == "user":
            thread = Update(THREADS, key_of(ref), {"user_messages": Add(-1)}, unlocked(now))
        gone = Delete(MESSAGES, _key(ref, message_id), exists("message_id"))
        rows = [Delete(CONTENTS, key) for key in content_keys(ref, message_id, item)]
        try:
            self._database.write(thread, gone, *rows)
        except ConditionFailed as lost:
            if 0 in lost.found and (run_id := refused(lost.found[0], ref, now)):
                text = f"Can't delete messages from {ref.thread_id} while a run {run_id} is active."
                raise InvalidRequest(text) from None
            raise NotFound("message", message_id) from None

    def newest(self, ref: ThreadRef, at_most: int) -> Iterator[Message]:
        """The thread's messages, newest first, read in pages of `at_most` as they are asked for.

        Each is made whole when it is asked for: of a page of long messages only those are that
        somebody has room for.
        """
        for item in self._read(ref, ids_between("msg", PageRequest()), at_most):
            yield from self._whole(ref, [item])

    def read(self, ref: ThreadRef, message_id: str) -> Message | None:
        """The message as it is stored, for those who write it."""
        item = self._database.get(MESSAGES, _key(ref, message_id))
        return self._whole(ref, [item])[0] if item else None

    def first(self, ref: ThreadRef) -> Message | None:
        """The thread's first message."""
        items = self._read(ref, ids_between("msg", PageRequest(order="asc")), 1)
        return next(iter(self._whole(ref, islice(items, 1))), None)

    def _item(self, ref: ThreadRef, message_id: str) -> Item:
        """The message's item, or NotFound for it or its thread. One round trip."""
        thread, item = self._database.get_many(
            (THREADS, key_of(ref)), (MESSAGES, _key(ref, message_id))
        )
        thread_of(thread, ref.thread_id)
        if item is None:
            raise NotFound("message", message_id)
        return item

    def _read(self, ref: ThreadRef, range_: Range, limit: int) -> Iterator[Item]:
        condition = both(equal("thread", ref.path), between("message_id", range_.low, range_.high))
        return self._database.query(MESSAGES, condition, limit=limit, forward=range_.forward)

    def _whole(self, ref: ThreadRef, items: Iterable[Item]) -> Sequence[Message]:
        whole = with_contents(self._database, ref, items, "message_id", "content")
        return [message_of(item) for item in whole]

    def _effective(
        self, ref: ThreadRef, messages: Sequence[Message], now: float
    ) -> Sequence[Message]:
        """The messages at `now`. One more look if there is one in progress, for its run; and if
        that has ended meanwhile, one for the message's end.
        """
        ids = {m.run_id for m in messages if m.begun and m.run_id}
        keys = [(RUNS, key_of(RunRef(ref.project_id, ref.thread_id, id_))) for id_ in ids]
        runs = {run.id: run for run in map(run_of, filter(None, self._database.get_many(*keys)))}
        return [
            self._seen(ref, message, runs[message.run_id], now)
            if message.begun and message.run_id in runs
            else message
            for message in messages
        ]

    def _seen(self, ref: ThreadRef, message: Message, run: Run, now: float) -> Message:
        if run.status in ENDS:
            return self.read(ref, message.id) or message
        return effective_message(message, run, now)


def _key(ref: ThreadRef, message_id: str) -> dict[str, Value]:
    return {**key_of(ref), "message_id": message_id}


def _last_place(thread: Item | None) -> str:
    """The place of the thread's newest message."""
    return place(str(thread["last_message_id"])) if thread else ""
