"""The tables: the one definition that CDK, the emulator and the tests read.

The project is part of every partition key, so another project's id finds nothing.
"""

from dataclasses import dataclass
from typing import Literal

KeyType = Literal["S", "N"]
StreamView = Literal["OLD_IMAGE", "NEW_AND_OLD_IMAGES"]


@dataclass(frozen=True)
class Key:
    """A key attribute."""

    name: str
    type: KeyType = "S"


@dataclass(frozen=True)
class Index:
    """A global secondary index that holds keys only. Never read for an answer that follows a
    write.
    """

    name: str
    partition_key: Key
    sort_key: Key


@dataclass(frozen=True)
class Table:
    """A table, on demand. `expires` names its TTL attribute; `recoverable` is point-in-time
    recovery.
    """

    name: str
    partition_key: Key
    sort_key: Key | None = None
    index: Index | None = None
    stream: StreamView | None = None
    expires: str | None = None
    recoverable: bool = True

    @property
    def key_names(self) -> tuple[str, ...]:
        """The attributes that make an item's key."""
        sort = (self.sort_key.name,) if self.sort_key else ()
        return (self.partition_key.name, *sort)


ASSISTANTS = Table("assistants", Key("project_id"), Key("assistant_id"))
THREADS = Table(
    "threads",
    Key("thread"),
    index=Index("by_project", Key("project_id"), Key("thread_id")),
    stream="OLD_IMAGE",
)
MESSAGES = Table("messages", Key("thread"), Key("message_id"))
CONTENTS = Table("contents", Key("thread"), Key("part"))
RUNS = Table("runs", Key("thread"), Key("run_id"), stream="NEW_AND_OLD_IMAGES")
RUN_STEPS = Table("run_steps", Key("run"), Key("step_id"))
RUN_EVENTS = Table("run_events", Key("run"), Key("seq", "N"), expires="expires", recoverable=False)
API_KEYS = Table("api_keys", Key("key_hash"))

TABLES = (ASSISTANTS, THREADS, MESSAGES, CONTENTS, RUNS, RUN_STEPS, RUN_EVENTS, API_KEYS)
