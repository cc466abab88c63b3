"""The `run_events` table: what a streamed run has told, one row an event, numbered without gaps.

The numbers are the order for every reader, and the fence for writers: a row is put only where none
is. Whoever takes a run over takes the next number with its first row, so a delta that a zombie
still wants to write finds its number taken, or was there before and is seen.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from threadkeep.domain.events import CallDelta, Event, EventObject, TextDelta
from threadkeep.domain.objects import Message, Run, RunStep, Thread
from threadkeep.store.actions import ConditionFailed, Put
from threadkeep.store.database import Database
from threadkeep.store.expressions import above, absent, both, either, equal
from threadkeep.store.items import Item, attributes, dump, restore, stored_size
from threadkeep.store.keys import RunRef
from threadkeep.store.tables import RUN_EVENTS

KEPT = 24 * 3600  # seconds since the run's creation
TAKEN_OVER = ""  # the name of a row that tells nothing: a new attempt begins here
NOBODY = -1  # the attempt of a row of a log that is over for good

_LARGEST = 250_000  # bytes; what is larger is read from its own table
_KINDS: dict[str, type] = {
    "thread": Thread,
    "run": Run,
    "run_step": RunStep,
    "message": Message,
    "text": TextDelta,
    "call": CallDelta,
}
_NAMES = {cls: kind for kind, cls in _KINDS.items()}
# What changes in a run. The rest of it is the same in each of its events and lies in its item.
_RUN_STATE = (
    "status",
    "metadata",
    "steps",
    "open_step",
    "started_at",
    "cancelled_at",
    "failed_at",
    "completed_at",
    "last_error",
    "incomplete_reason",
    "usage",
)


@dataclass(frozen=True)
class Row:
    """A stored event. `fields` is None for an object too large to be stored twice."""

    seq: int
    name: str
    kind: str
    id: str
    fields: dict[str, Any] | None


class RunLog:
    """The end of a run's log, for the one who writes the run: `last` is its last number.

    Its rows are written in the name of `attempt`. An unstreamed run has none.
    """

    def __init__(self, ref: RunRef, run: Run, last: int, last_name: str = "") -> None:
        self.last_name = last_name
        self.streamed = run.streamed
        self._ref = ref
        self.last = last
        self.attempt = run.attempt
        self._expires = run.created_at + KEPT

    def rows(self, events: Iterable[Event | None]) -> list[Put]:
        """What writes these events next; None is a row that only takes the number."""
        if not self.streamed:
            return []
        return [
            Put(RUN_EVENTS, self._row(self.last + n, event), absent("seq"))
            for n, event in enumerate(events, 1)
        ]

    def advance(self, rows: Sequence[Put]) -> None:
        """The rows are written."""
        self.last += len(rows)

    def delta(self, event: Event) -> Put:
        """What writes a delta outside a transaction: sent again after a lost answer, it passes.

        Of an attempt only its executor writes deltas. Settle and cancel write in its name, too.
        """
        itself = both(equal("attempt", self.attempt), equal("event", event.name))
        own = either(absent("seq"), itself)
        return Put(RUN_EVENTS, self._row(self.last + 1, event), own)

    def _row(self, seq: int, event: Event | None) -> Item:
        place: dict[str, Any] = {
            "run": self._ref.partition,
            "seq": seq,
            "attempt": self.attempt,
            "expires": self._expires,
        }
        if event is None:
            return {**place, "event": TAKEN_OVER}
        named = {**place, "event": event.name, "kind": _NAMES[type(event.object)]}
        named["object_id"] = event.object.id
        whole = {**named, "object": dump(_fields(event.object))}
        return whole if stored_size(whole) <= _LARGEST else named


class RunEvents:
    """The logs of all streamed runs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def log(self, ref: RunRef, run: Run) -> RunLog:
        """The end of the run's log; not looked for if the run is not streamed."""
        if not run.streamed:
            return RunLog(ref, run, 0)
        last = next(self._query(ref, 0, limit=1, forward=False), None)
        return RunLog(ref, run, last.seq if last else 0, last.name if last else "")

    def append(self, log: RunLog, event: Event) -> bool:
        """Write a delta; False if somebody else has taken its number: the run is not ours."""
        put = log.delta(event)
        try:
            self._database.put(put)
        except ConditionFailed:
            return False
        log.advance([put])
        return True

    def after(self, ref: RunRef, seq: int) -> list[Row]:
        """The rows after `seq`, in order."""
        return list(self._query(ref, seq, limit=500))

    def _query(self, ref: RunRef, after: int, *, limit: int, forward: bool = True) -> Iterator[Row]:
        condition = both(equal("run", ref.partition), above("seq", after))
        items = self._database.query(RUN_EVENTS, condition, limit=limit, forward=forward)
        return map(_row_of, items)


def emptied(row: Item, seq: int) -> Item:
    """What is left of a row, or comes behind it, where a log is over for good: its number is
    nobody's. Holds no content, and expires when `row` does.
    """
    place = {"run": row["run"], "seq": seq, "expires": row["expires"]}
    return {**place, "attempt": NOBODY, "event": TAKEN_OVER}


def restored(row: Row, run: Run | None = None) -> EventObject:
    """The object of a row that has its fields; a run's state is put onto `run`."""
    cls, fields = _KINDS[row.kind], row.fields or {}
    if cls is Run and run is not None:
        kept = {name: value for name, value in attributes(run).items() if name not in _RUN_STATE}
        return restore(Run, {**kept, **fields}, row.id)
    if cls in (TextDelta, CallDelta):
        return cls(**fields)
    return restore(cls, fields, row.id)


def _fields(object_: EventObject) -> dict[str, Any]:
    if isinstance(object_, TextDelta | CallDelta):
        return asdict(object_)
    fields = attributes(object_)
    return {n: fields[n] for n in _RUN_STATE if n in fields} if isinstance(object_, Run) else fields


def _row_of(item: Item) -> Row:
    fields = json.loads(str(item["object"])) if "object" in item else None
    return Row(
        seq=int(item["seq"]),
        name=str(item["event"]),
        kind=str(item.get("kind", "")),
        id=str(item.get("object_id", "")),
        fields=fields,
    )
