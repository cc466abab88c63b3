"""Following a run's events. Every reader is shown the same, in the same order, whenever it joins.

`Tail.step` is pure: the moment, the new rows and the run go in; what to show and how long to wait
come out. Lambda and the local server drive it with the same few lines (`follow`).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from threadkeep.domain.clock import Clock, Moment
from threadkeep.domain.events import Event, EventObject, run_event
from threadkeep.domain.references import RunRef
from threadkeep.domain.run_state import ACTIVE, CREATE, ENDS, PARK, effective
from threadkeep.domain.runs import Run
from threadkeep.store.event_rows import Row, object_of
from threadkeep.store.store import Store
from threadkeep.store.waker import Waker

PING_EVERY = 15.0  # seconds of silence
LONGEST_QUEUED = 20.0  # seconds: waiting streams must not starve the executors
LATE = 15.0  # seconds after its deadline at which a run's expiry is shown, written or not
_SHORTEST = 1.0  # seconds between two looks at the run
_STOPS = frozenset(f"thread.run.{status}" for status in {PARK.target, *ENDS})


class Signal(Enum):
    """What a reader is shown besides the events of the run."""

    PING = "nothing new, the connection is alive"
    STUCK = "the run is not taken up, look for it later"
    GONE = "the run is not there any more"
    CUT = "this reader's time is up, the run goes on"
    DONE = "nothing more will come"


@dataclass(frozen=True)
class Numbered:
    """An event and its number in the run's log."""

    seq: int
    event: Event


@dataclass(frozen=True)
class TailStep:
    """What to show now. `until`: when to look again at the latest; None after the end."""

    tail: "Tail"
    rows: tuple[Row, ...] = ()
    event: Event | None = None
    signals: tuple[Signal, ...] = ()
    until: float | None = None


@dataclass(frozen=True)
class Tail:
    """Where a reader is: `after` is the number of the last event it was shown, at `shown_at`.

    `quiet_since` is when it last was sent anything. From `look_at` on the run itself must be read;
    before that the rows say enough. These times are the monotonic clock's; only the run's deadline
    is the wall clock's. `past_waits`: keep streaming after `requires_action` once the outputs were
    submitted.
    """

    after: int
    shown_at: float
    look_at: float = -math.inf
    quiet_since: float = -math.inf
    past_waits: bool = False

    @staticmethod
    def at(now: float, after: int, *, past_waits: bool = False) -> "Tail":
        """A reader that joins now."""
        return Tail(after, shown_at=now, past_waits=past_waits)

    def step(self, now: Moment, rows: Sequence[Row], run: Run | None, *, fresh: bool) -> TailStep:
        """What to show of the rows after `after`, and what else is due.

        `run` was read before the rows: if it is over, its last row is among these, or was shown
        before. `fresh`: it was read for this step, as it must be from `look_at` on. What was read
        earlier says nothing about the run's state now.
        """
        if run is None or run.abandoned:
            return TailStep(self, signals=(Signal.GONE,))
        tail, shown = self, [row for row in rows if row.shown]
        for number, row in enumerate(shown, 1):
            tail = replace(tail, after=row.seq, shown_at=now.monotonic, quiet_since=now.monotonic)
            if row.name in _STOPS and not (self.past_waits and number < len(shown)):
                return TailStep(tail, tuple(shown[:number]), signals=(Signal.DONE,))
        if rows:
            tail = replace(tail, after=rows[-1].seq)
        if run.status not in ACTIVE or (fresh and now.wall >= run.expires_at + LATE):
            return _at_the_end(tail, now, tuple(shown), run, more=bool(rows))
        return _later(tail, now, tuple(shown), run, fresh=fresh)


def _at_the_end(
    tail: Tail, now: Moment, shown: tuple[Row, ...], run: Run, *, more: bool
) -> TailStep:
    """What to show of a run that is over: its rows, then its end, if that is not written yet."""
    if more:
        return TailStep(tail, shown, until=now.monotonic)
    unwritten = run_event(effective(run, now.wall)) if run.status in ACTIVE else None
    return TailStep(tail, event=unwritten, signals=(Signal.DONE,))


def _later(tail: Tail, now: Moment, shown: tuple[Row, ...], run: Run, *, fresh: bool) -> TailStep:
    """What to show because its time has come, and when to look again."""
    stuck_at = tail.shown_at + LONGEST_QUEUED if run.status == CREATE.target else math.inf
    if fresh and now.monotonic >= stuck_at:
        return TailStep(tail, shown, signals=(Signal.STUCK,))
    pinged = now.monotonic >= tail.quiet_since + PING_EVERY
    tail = replace(tail, quiet_since=now.monotonic if pinged else tail.quiet_since)
    ping_at = tail.quiet_since + PING_EVERY
    if fresh:
        next_ = min(ping_at, now.of_wall(run.expires_at + LATE), stuck_at)
        tail = replace(tail, look_at=max(next_, now.monotonic + _SHORTEST))
    signals = (Signal.PING,) if pinged else ()
    return TailStep(tail, shown, signals=signals, until=min(tail.look_at, ping_at))


def follow(
    ref: RunRef,
    store: Store,
    clock: Clock,
    waker: Waker,
    after: int = 0,
    *,
    until: float = math.inf,
    past_waits: bool = False,
) -> Iterator[Numbered | Signal]:
    """Every event after number `after`, as it is written, until `DONE` or another last signal.

    From `until` (monotonic) on a run that goes on is followed no longer.
    """
    run = None
    tail = Tail.at(clock.monotonic(), after, past_waits=past_waits)
    while True:
        mark = waker.mark(ref.path)
        now = Moment.of(clock)
        if fresh := now.monotonic >= tail.look_at:
            run = store.runs.read(ref)
        step = tail.step(now, store.run_events.after(ref, tail.after), run, fresh=fresh)
        for row in step.rows:
            event = _resolved(ref, row, run, store)
            if event is None:
                yield Signal.GONE
                return
            yield Numbered(row.seq, event)
        tail = step.tail
        if step.event:
            yield Numbered(tail.after, step.event)
        yield from step.signals
        if step.until is None:
            return
        if clock.monotonic() >= until:
            yield Signal.CUT
            return
        waker.wait(ref.path, mark, min(step.until, until))


def _resolved(ref: RunRef, row: Row, run: Run | None, store: Store) -> Event | None:
    """The row's event, whole: what was too large for its row is read where it lies.

    None if it was deleted there.
    """
    object_: EventObject | None = object_of(row, run) if row.fields is not None else None
    if row.fields is None and row.type == "message":
        object_ = store.messages.read(ref.thread, row.id)
    if row.fields is None and row.type == "run_step":
        object_ = store.run_steps.read(ref, row.id)
    if isinstance(object_, Run) and object_.status == PARK.target:
        step = store.run_steps.read(ref, object_.open_step_id)
        object_ = replace(object_, pending_calls=step.calls) if step else None
    return Event(row.name, object_) if object_ else None
