"""Following a run's events. Every reader is told the same, in the same order, whenever it joins.

`Tail.step` is pure: the time, the new rows and the run go in, what to tell and how long to wait
come out. Lambda and the local server drive it with the same few lines (`follow`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from threadkeep.domain.clock import Clock
from threadkeep.domain.events import Event, run_event
from threadkeep.domain.objects import Message, Run, RunStep
from threadkeep.domain.run_state import ACTIVE, effective
from threadkeep.domain.tool_calls import pending_calls
from threadkeep.store.keys import RunRef
from threadkeep.store.run_events import TAKEN_OVER, Row, restored
from threadkeep.store.store import Store
from threadkeep.store.waker import Waker

PING_EVERY = 15.0  # seconds of silence
LONGEST_QUEUED = 20.0  # seconds: waiting streams must not starve the executors
_LOOK_EVERY = 1.0  # seconds between two looks at the run
_LATE = 15.0  # seconds after its deadline at which a run's expiry is told, written or not
_ENDS = frozenset(
    f"thread.run.{status}"
    for status in ("completed", "failed", "cancelled", "expired", "incomplete")
)
_WAITS = "thread.run.requires_action"


class Signal(Enum):
    """What a reader is told that is no event of the run."""

    PING = "nothing new, the connection is alive"
    STUCK = "the run is not taken up, look for it later"
    GONE = "the run is not there any more"
    DONE = "nothing more will come"


@dataclass(frozen=True)
class Told:
    """An event and its number in the run's log."""

    seq: int
    event: Event


@dataclass(frozen=True)
class Step:
    """What to tell now. `until`: when to look again at the latest; None after the end."""

    tail: "Tail"
    rows: tuple[Row, ...] = ()
    event: Event | None = None
    signals: tuple[Signal, ...] = ()
    until: float | None = None


@dataclass(frozen=True)
class Tail:
    """Where a reader is: `after` is the number of the last event it was told."""

    began: float
    after: int = 0
    spoke: float = field(default=0.0)
    taken_up: bool = False

    def step(self, now: float, rows: Sequence[Row], run: Run | None) -> Step:
        """What to tell of the rows after `after`, and of the run as it is at `now`."""
        told: list[Row] = []
        tail = self
        for row in rows:
            tail = replace(tail, after=row.seq)
            if row.name != TAKEN_OVER:
                told.append(row)
                tail = replace(tail, spoke=now, taken_up=row.name != "thread.run.queued")
            if row.name in _ENDS or row.name == _WAITS:
                return Step(tail, tuple(told), signals=(Signal.DONE,))
        return _look_at_the_run(tail, now, tuple(told), run)


def _look_at_the_run(tail: Tail, now: float, told: tuple[Row, ...], run: Run | None) -> Step:
    if run is None:
        return Step(tail, told, signals=(Signal.GONE,))
    seen = effective(run, now)
    if run.status in ACTIVE and now >= run.expires_at + _LATE:
        return Step(tail, told, event=run_event(seen), signals=(Signal.DONE,))
    if run.status == "queued" and now >= tail.began + LONGEST_QUEUED:
        return Step(tail, told, signals=(Signal.STUCK,))
    quiet_since = max(tail.spoke, tail.began)
    pinged = now >= quiet_since + PING_EVERY
    tail = replace(tail, spoke=now) if pinged else tail
    return Step(tail, told, signals=(Signal.PING,) if pinged else (), until=now + _LOOK_EVERY)


def follow(
    ref: RunRef, store: Store, clock: Clock, waker: Waker, after: int = 0
) -> Iterator[Told | Signal]:
    """Everything the run tells after number `after`, as it is told, until `DONE` or a trouble."""
    tail = Tail(began=clock.now(), after=after)
    while True:
        mark = waker.mark(ref.partition)
        rows = store.run_events.after(ref, tail.after)
        run = store.runs.read(ref)
        step = tail.step(clock.now(), rows, run)
        for row in step.rows:
            yield Told(row.seq, _resolved(ref, row, run, store))
        if step.event:
            yield Told(tail.after, step.event)
        yield from step.signals
        if step.until is None:
            return
        tail = step.tail
        waker.wait(ref.partition, mark, step.until)


def _resolved(ref: RunRef, row: Row, run: Run | None, store: Store) -> Event:
    """The row's event, whole: what was too large for its row is read where it lies."""
    if row.fields is None and row.kind == "message":
        return Event(row.name, store.messages.read(ref.thread, row.id) or _missing(row))
    if row.fields is None and row.kind == "run_step":
        return Event(row.name, store.run_steps.read(ref, row.id) or _missing(row))
    object_ = restored(row, run)
    if isinstance(object_, Run) and object_.status == "requires_action":
        step = store.run_steps.read(ref, object_.open_step_id)
        object_ = replace(object_, pending_calls=pending_calls(step) if step else ())
    return Event(row.name, object_)


def _missing(row: Row) -> Message | RunStep:
    raise LookupError(f"{row.kind} {row.id} is gone")
