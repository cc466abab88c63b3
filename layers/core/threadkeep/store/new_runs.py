"""How runs begin: the one transaction that puts a run, its messages, and the thread's lock."""

from collections.abc import Sequence
from dataclasses import replace

from threadkeep.domain.errors import Overloaded, RunActive
from threadkeep.domain.events import Event, run_event
from threadkeep.domain.ids import IdSource, end_of_run, place
from threadkeep.domain.objects import Assistant, Message, NewMessage, Thread
from threadkeep.domain.references import RunRef, ThreadRef
from threadkeep.domain.run_state import created
from threadkeep.domain.runs import Run, RunSnapshot
from threadkeep.store.actions import ConditionFailed, Put
from threadkeep.store.assistants import assistant_key, assistant_of
from threadkeep.store.contents import put_messages
from threadkeep.store.database import Database
from threadkeep.store.event_rows import new_rows
from threadkeep.store.expressions import Add, Change, absent
from threadkeep.store.held_run import HeldRun
from threadkeep.store.items import attributes
from threadkeep.store.keys import key_of
from threadkeep.store.tables import ASSISTANTS, RUNS, THREADS
from threadkeep.store.threads import append, put_thread, refused, thread_of
from threadkeep.store.transitions import log_transition

_TRIES = 60


class NewRuns:
    """Puts runs; the stream of the table carries the news of each to the dispatcher."""

    def __init__(self, database: Database, ids: IdSource) -> None:
        self._database = database
        self._ids = ids

    def prerequisites(self, ref: ThreadRef, assistant_id: str) -> tuple[Assistant, Thread]:
        """What a run starts from, or NotFound. One round trip."""
        thread, assistant = self._database.get_many(
            (THREADS, key_of(ref)), (ASSISTANTS, assistant_key(ref.project_id, assistant_id))
        )
        return assistant_of(assistant, assistant_id), thread_of(thread, ref.thread_id)

    def create(
        self,
        ref: ThreadRef,
        thread: Thread,
        snapshot: RunSnapshot,
        new_messages: Sequence[NewMessage],
        now: float,
    ) -> Run:
        """Queue the run behind its additional messages, in their order; all of it or nothing.

        What may race is every other writer of the thread. Its item decides: one active run, and
        ids above all that is there. Whoever is refused for the ids takes higher ones.
        """
        last = thread.last_message_id
        for _ in range(_TRIES):
            messages, run = self._named(new_messages, snapshot, now, last)
            changes = locked_by(run, messages)
            action = append(
                ref, messages[0].id if messages else _first(run), run.created_at, changes
            )
            try:
                self._database.write(
                    action,
                    put_run(ref, run),
                    *put_messages(ref, messages),
                    *_first_events(ref, run),
                )
            except ConditionFailed as lost:
                found = lost.found.get(0)
                if active := refused(found, ref, run.created_at):
                    raise RunActive(ref.thread_id, active) from None
                last = str(found["last_message_id"]) if found else None
            else:
                log_transition(run)
                return run
        raise Overloaded

    def create_with_thread(
        self,
        project_id: str,
        thread: Thread,
        snapshot: RunSnapshot,
        new_messages: Sequence[NewMessage],
        now: float,
    ) -> Run:
        """Put the thread, its messages and the queued run, or nothing."""
        messages, run = self._named(new_messages, snapshot, now, None)
        ref = ThreadRef(project_id, thread.id)
        locked = replace(
            thread,
            active_run_id=run.id,
            active_until=run.expires_at,
            last_message_id=end_of_run("msg", run.id),
        )
        self._database.write(
            put_thread(project_id, locked),
            put_run(ref, run),
            *put_messages(ref, messages),
            *_first_events(ref, run, Event("thread.created", thread)),
        )
        log_transition(run)
        return run

    def _named(
        self, messages: Sequence[NewMessage], run: RunSnapshot, now: float, last: str | None
    ) -> tuple[list[Message], Run]:
        """The messages, then the run, with new ids above `last`."""
        after = place(last) if last else ""
        named = [message.named(self._ids.new("msg", now, after=after)) for message in messages]
        return named, created(run, self._ids.new("run", now, after=after))


def put_run(ref: ThreadRef, run: Run) -> Put:
    """A run that was not there before."""
    key = key_of(RunRef(ref.project_id, ref.thread_id, run.id))
    return Put(RUNS, {**key, **attributes(run)}, absent("run_id"))


def _first_events(ref: ThreadRef, run: Run, *before: Event) -> list[Put]:
    """What writes the first events of the run, if it is streamed."""
    held = HeldRun(RunRef(ref.project_id, ref.thread_id, run.id), run)
    return new_rows(held, [*before, Event("thread.run.created", run), run_event(run)])


def locked_by(run: Run, messages: Sequence[Message]) -> dict[str, Change]:
    """What becomes of the thread's item when the run takes it."""
    changes: dict[str, Change] = {
        "active_run_id": run.id,
        "active_until": run.expires_at,
        "last_message_id": end_of_run("msg", run.id),
    }
    if of_user := sum(message.role == "user" for message in messages):
        changes["user_messages"] = Add(of_user)
    return changes


def _first(run: Run) -> str:
    """The lowest id that a message of the run can have."""
    return f"msg_{place(run.id)}"
