"""Domain objects for tests, with what they need not say filled in."""

from collections.abc import Sequence
from random import Random
from typing import Any

from threadkeep.domain.content import TextPart
from threadkeep.domain.ids import IdSource
from threadkeep.domain.objects import Assistant, Message, NewMessage, Role, Thread
from threadkeep.domain.references import RunRef, ThreadRef
from threadkeep.domain.runs import Run, RunSnapshot

IDS = IdSource()
NOW = 1_800_000_000
PROJECT = "acme"


def assistant(**fields: Any) -> Assistant:
    return Assistant(**{"id": IDS.new("asst", NOW), "created_at": NOW, "model": "gpt-4o", **fields})


def thread(**fields: Any) -> Thread:
    return Thread(**{"id": IDS.new("thread", NOW), "created_at": NOW, **fields})


def long_text(seed: int, alphabet: Sequence[int] = range(0x4E00, 0x9FFF)) -> str:
    """As long as a message's text may be, by chance, so that little compresses."""
    return "".join(map(chr, Random(seed).choices(alphabet, k=256_000)))


def message(thread_id: str, value: str = "Hi", role: Role = "user", **fields: Any) -> Message:
    return Message(
        id=IDS.new("msg", NOW),
        thread_id=thread_id,
        created_at=NOW,
        role=role,
        content=(TextPart(value),),
        **fields,
    )


def run(thread_id: str, **fields: Any) -> Run:
    """A queued run."""
    given = {
        "id": IDS.new("run", NOW),
        "thread_id": thread_id,
        "assistant_id": "asst_1",
        "created_at": NOW,
        "queued_at": NOW,
        "expires_at": NOW + 600,
        "status": "queued",
        "model": "gpt-4o",
    }
    return Run(**{**given, **fields})


def snapshot(thread_id: str, **fields: Any) -> RunSnapshot:
    """What a run is asked to be."""
    given = {"assistant_id": "asst_1", "created_at": NOW, "expires_at": NOW + 600}
    return RunSnapshot(**{"thread_id": thread_id, "model": "gpt-4o", **given, **fields})


def new_message(thread_id: str, value: str = "Hi", role: Role = "user") -> NewMessage:
    """What an app adds."""
    content = (TextPart(value),)
    return NewMessage(thread_id=thread_id, created_at=NOW, role=role, content=content)


def ref(thread_id: str) -> ThreadRef:
    return ThreadRef(PROJECT, thread_id)


def run_ref(of: Run) -> RunRef:
    return RunRef(PROJECT, of.thread_id, of.id)
