"""The rows of the `run_events` table: an event ⇄ an item.

A row holds its event's object, so that a reader needs no other table. An object that is too large
is left out: readers get it where it lies.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, cast

from threadkeep.domain.events import CallDelta, Event, EventObject, TextDelta
from threadkeep.domain.objects import Message, Thread
from threadkeep.domain.runs import Run, RunStep
from threadkeep.store.actions import Put
from threadkeep.store.expressions import absent, both, either, equal
from threadkeep.store.held_run import HeldRun, RowKind
from threadkeep.store.items import Item, attributes, dump, restore, stored_size
from threadkeep.store.run_steps import step_of
from threadkeep.store.tables import RUN_EVENTS

KEPT = 24 * 3600  # seconds since the run's creation

_LARGEST = 250_000  # bytes of an object in its row
_TYPES: dict[str, type] = {
    "thread": Thread,
    "run": Run,
    "run_step": RunStep,
    "message": Message,
    "text": TextDelta,
    "call": CallDelta,
}
_NAMES = {cls: name for name, cls in _TYPES.items()}
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
    """A stored row. `name`, `type` and `id` are those of its event and the object in it.

    `fields` is None for an object that is too large to be stored twice.
    """

    seq: int
    kind: RowKind
    name: str = ""
    type: str = ""
    id: str = ""
    fields: dict[str, Any] | None = None

    @property
    def shown(self) -> bool:
        """Whether readers are shown its event."""
        return self.kind in ("event", "delta")


def new_rows(held: HeldRun, events: Sequence[Event | None]) -> list[Put]:
    """What appends these events to the log of `held`, if it has one; None is a takeover.

    A row is put only where none is: of two writers one loses its transaction.
    """
    if not held.run.streamed:
        return []
    return [
        Put(RUN_EVENTS, _item(held, held.last_row + number, event), absent("seq"))
        for number, event in enumerate(events, 1)
    ]


def followed(held: HeldRun, rows: Sequence[Put]) -> HeldRun:
    """What is held once these rows are written."""
    if not rows:
        return held
    return replace(held, last_row=held.last_row + len(rows), last_kind=kind_of(rows[-1].item))


def new_delta(held: HeldRun, event: Event) -> Put:
    """What appends a delta to the log of `held`, outside a transaction.

    Of an attempt only its executor writes deltas; Settle and cancel write other rows in its name.
    So a delta of this name and attempt is this one, sent again after a lost answer.
    """
    itself = both(equal("attempt", held.run.attempt), equal("event", event.name))
    row = {**_item(held, held.last_row + 1, event), "row": "delta"}
    return Put(RUN_EVENTS, row, either(absent("seq"), itself))


def sealed_row(row: Item, seq: int) -> Item:
    """What is left of `row`, or comes behind it, where a log is over for good.

    Its number is taken, it holds no content, and it expires when `row` does.
    """
    return {"run": row["run"], "seq": seq, "expires": row["expires"], "row": "sealed"}


def row_of(item: Item) -> Row:
    """The row that lies in an item."""
    return Row(
        seq=int(item["seq"]),
        kind=kind_of(item),
        name=str(item.get("event", "")),
        type=str(item.get("kind", "")),
        id=str(item.get("object_id", "")),
        fields=json.loads(str(item["object"])) if "object" in item else None,
    )


def kind_of(item: Item) -> RowKind:
    """The kind of the row in an item."""
    return cast("RowKind", item["row"]) if "row" in item else _kind_before_0_2(item)


def object_of(row: Row, run: Run | None = None) -> EventObject:
    """The object in a row that has its fields; a run's state is put onto `run`."""
    cls, fields = _TYPES[row.type], row.fields or {}
    if cls is Run and run is not None:
        kept = {name: value for name, value in attributes(run).items() if name not in _RUN_STATE}
        return restore(Run, {**kept, **fields}, row.id)
    if cls in (TextDelta, CallDelta):
        return cls(**fields)
    if cls is RunStep:
        return step_of(fields, row.id)
    return restore(cls, fields, row.id)


def _item(held: HeldRun, seq: int, event: Event | None) -> Item:
    place: dict[str, Any] = {
        "run": held.ref.path,
        "seq": seq,
        "attempt": held.run.attempt,
        "expires": held.run.created_at + KEPT,
    }
    if event is None:
        return {**place, "row": "takeover"}
    named = {**place, "row": "event", "event": event.name, "kind": _NAMES[type(event.object)]}
    named["object_id"] = event.object.id
    whole = {**named, "object": dump(_fields(event.object))}
    return whole if stored_size(whole) <= _LARGEST else named


def _fields(object_: EventObject) -> dict[str, Any]:
    if isinstance(object_, TextDelta | CallDelta):
        return asdict(object_)
    fields = attributes(object_)
    return {n: fields[n] for n in _RUN_STATE if n in fields} if isinstance(object_, Run) else fields


def _kind_before_0_2(item: Item) -> RowKind:
    """The kind of a row that an older version wrote, less than a day ago, without saying it."""
    if item["attempt"] == -1:
        return "sealed"
    if not item["event"]:
        return "takeover"
    return "delta" if str(item["event"]).endswith(".delta") else "event"
