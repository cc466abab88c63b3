"""The tail: whoever reads a run's events, whenever and however often, is told the same."""

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import objects
from threadkeep.domain.clock import Moment
from threadkeep.domain.run_state import ACTIVE
from threadkeep.domain.runs import Run, RunStatus
from threadkeep.execution.tail import LATE, LONGEST_QUEUED, PING_EVERY, Signal, Tail, TailStep
from threadkeep.store.event_rows import Row

NOW = float(objects.NOW)
LATER = 1.0
TAKEN_OVER = ""  # no event: a takeover
ENDS: tuple[RunStatus, ...] = ("completed", "failed", "cancelled", "expired", "incomplete")
Names = list[str]


def row(seq: int, name: str) -> Row:
    return Row(seq, "event" if name else "takeover", name, "run", "run_1", {})


def rows(*names: str, after: int = 0) -> list[Row]:
    return [row(seq, name) for seq, name in enumerate(names, after + 1)]


def a_run(status: RunStatus, **fields: object) -> Run:
    return objects.run("thread_1", id="run_1", status=status, **fields)


QUEUED, WORKING = a_run("queued"), a_run("in_progress")


def at(when: float) -> Moment:
    """The clocks show the same here, so that one number says when something comes."""
    return Moment(when, when)


def joined(after: int = 0) -> Tail:
    return Tail.at(NOW, after)


def names(step: TailStep) -> Names:
    return [each.name for each in step.rows]


# What a single look tells


def test_rows_are_told_in_order() -> None:
    """And the next look is for what comes after them."""
    step = joined().step(
        at(NOW), rows("thread.run.created", "thread.run.queued"), QUEUED, fresh=True
    )
    assert names(step) == ["thread.run.created", "thread.run.queued"]
    assert (step.tail.after, step.signals, step.event) == (2, (), None)
    assert step.until is not None


@pytest.mark.parametrize("status", [*ENDS, "requires_action"])
def test_the_end_of_a_stream(status: RunStatus) -> None:
    """Each end of a run, and its waiting for outputs. What comes after that is another stream's."""
    given = rows("thread.run.in_progress", f"thread.run.{status}", "thread.run.queued", after=4)
    step = joined(after=4).step(at(NOW), given, WORKING, fresh=True)
    assert names(step) == ["thread.run.in_progress", f"thread.run.{status}"]
    assert (step.signals, step.until, step.tail.after) == ((Signal.DONE,), None, 6)


@pytest.mark.parametrize(
    "name",
    ["thread.run.cancelling", "thread.run.step.completed", "thread.message.completed", TAKEN_OVER],
)
def test_what_ends_no_stream(name: str) -> None:
    """The end of a step or a message is not the run's."""
    step = joined().step(at(NOW), rows(name), WORKING, fresh=True)
    assert (Signal.DONE in step.signals, step.tail.after) == (False, 1)
    assert step.until is not None


def test_a_new_attempt_is_not_told() -> None:
    """Its row is passed over in silence; it also breaks no silence."""
    given = rows("thread.run.in_progress", TAKEN_OVER, "thread.run.step.created", TAKEN_OVER)
    step = joined().step(at(NOW), given, WORKING, fresh=True)
    assert names(step) == ["thread.run.in_progress", "thread.run.step.created"]
    assert step.tail.after == 4
    silent = step.tail.step(at(NOW + PING_EVERY), [row(5, TAKEN_OVER)], WORKING, fresh=True)
    assert (names(silent), silent.signals, silent.tail.after) == ([], (Signal.PING,), 5)


# What the time brings


def test_pings() -> None:
    """One after each 15 seconds of silence; and one at once if there is nothing to tell yet, so
    that a client knows that it is connected.
    """
    tail, pings = joined(), []
    for seconds in range(61):
        step = tail.step(
            at(NOW + seconds), rows("x", after=20) if seconds == 20 else [], WORKING, fresh=True
        )
        tail = step.tail
        pings += [seconds] if step.signals == (Signal.PING,) else []
    assert pings == [0, 15, 35, 50]


def test_the_next_look_is_when_something_may_be_due() -> None:
    """The ping, the end of the time in the queue, the deadline: whatever comes first."""
    assert joined().step(at(NOW), [], WORKING, fresh=True).until == NOW + PING_EVERY
    waited = joined().step(at(NOW + PING_EVERY), [], QUEUED, fresh=True)
    assert waited.until == NOW + LONGEST_QUEUED
    short = replace(WORKING, expires_at=objects.NOW - 10)
    assert joined().step(at(NOW), [], short, fresh=True).until == NOW - 10 + LATE


def test_looks_are_not_too_many() -> None:
    """However short the time that is left: never more than one look at the run in a second."""
    short = replace(WORKING, expires_at=objects.NOW - 15)
    step = joined().step(at(NOW - 0.01), [], short, fresh=True)
    assert step.until == NOW - 0.01 + 1


def test_a_run_that_is_not_taken_up() -> None:
    """After 20 seconds in the queue the reader is told so, not before."""
    tail = (
        joined()
        .step(at(NOW), rows("thread.run.created", "thread.run.queued"), QUEUED, fresh=True)
        .tail
    )
    assert tail.step(at(NOW + LONGEST_QUEUED - 0.1), [], QUEUED, fresh=True).signals == (
        Signal.PING,
    )
    step = tail.step(at(NOW + LONGEST_QUEUED), [], QUEUED, fresh=True)
    assert (step.signals, step.until) == ((Signal.STUCK,), None)


def test_a_run_that_was_just_taken_up() -> None:
    """What the rows tell is newer than the run that was read before them."""
    step = joined().step(
        at(NOW + LONGEST_QUEUED), rows("thread.run.in_progress"), QUEUED, fresh=True
    )
    assert names(step) == ["thread.run.in_progress"]
    later = step.tail.step(at(NOW + LONGEST_QUEUED + 1), [], QUEUED, fresh=True)
    assert (step.signals, later.signals) == ((), ())
    assert later.until is not None
    assert later.until < NOW + 2 * LONGEST_QUEUED


def test_a_run_that_is_queued_again() -> None:
    """A reader who is there for long gives the next leg its whole time."""
    tail = joined().step(at(NOW + 500), rows("thread.run.queued"), WORKING, fresh=True).tail
    assert Signal.STUCK not in tail.step(at(NOW + 519), [], QUEUED, fresh=True).signals
    assert tail.step(at(NOW + 520), [], QUEUED, fresh=True).signals == (Signal.STUCK,)


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("queued", "expired"),
        ("in_progress", "expired"),
        ("requires_action", "expired"),
        ("cancelling", "cancelled"),
    ],
)
def test_an_expiry_that_nobody_wrote(status: RunStatus, told: str) -> None:
    """Readers are told of it all the same, 15 seconds late: before, whoever writes it has time."""
    run = a_run(status)
    before = joined().step(at(run.expires_at + LATE - 0.1), [], run, fresh=True)
    assert (before.event, Signal.DONE in before.signals) == (None, False)
    step = joined(after=7).step(at(run.expires_at + LATE), [], run, fresh=True)
    assert step.event is not None
    assert step.event.name == f"thread.run.{told}"
    assert isinstance(step.event.object, Run)
    assert step.event.object.status == told
    assert (step.signals, step.until, step.tail.after) == ((Signal.DONE,), None, 7)


def test_what_was_written_comes_before_an_expiry() -> None:
    """Also if it comes in several batches."""
    late = WORKING.expires_at + LATE
    step = joined().step(at(late), rows("thread.run.in_progress"), WORKING, fresh=True)
    assert (names(step), step.event, step.signals) == (["thread.run.in_progress"], None, ())
    assert step.until == late
    written = step.tail.step(at(late), rows("thread.run.expired", after=1), WORKING, fresh=True)
    assert (names(written), written.event) == (["thread.run.expired"], None)


@pytest.mark.parametrize("run", [None, a_run("cancelled", abandoned=True)])
def test_a_run_that_is_gone(run: Run | None) -> None:
    """Deleted with its thread; the cleaner marks what it will remove as abandoned."""
    step = joined(after=3).step(at(NOW), rows("thread.run.step.created", after=3), run, fresh=True)
    assert (names(step), step.signals, step.until) == ([], (Signal.GONE,), None)


@pytest.mark.parametrize("status", ENDS)
def test_resumed_behind_the_end(status: RunStatus) -> None:
    """Nothing is left to tell: the stream ends at once."""
    over = a_run(status, cancelled_at=objects.NOW)
    step = joined(after=12).step(at(NOW), [], over, fresh=True)
    assert (names(step), step.signals, step.until) == ([], (Signal.DONE,), None)


def test_resumed_where_the_run_waits() -> None:
    """It goes on live: the outputs may come."""
    waiting = a_run("requires_action")
    step = joined(after=8).step(at(NOW), [], waiting, fresh=True)
    assert step.signals == (Signal.PING,)
    again = step.tail.step(
        at(NOW + 9), rows("thread.run.step.completed", after=8), waiting, fresh=True
    )
    assert names(again) == ["thread.run.step.completed"]


def test_a_clock_that_steps_back() -> None:
    """A reader's first look is one at the run, whatever the clock shows."""
    assert joined().look_at < NOW - 3600


@pytest.mark.parametrize("past_waits", [False, True])
def test_a_wait_that_is_over(*, past_waits: bool) -> None:
    """Whoever replays a run goes on past it; whoever began a leg is told no other."""
    tail = Tail.at(NOW, 0, past_waits=past_waits)
    given = rows("thread.run.requires_action", "thread.run.step.completed", "thread.run.queued")
    step = tail.step(at(NOW), given, QUEUED, fresh=True)
    assert len(step.rows) == (3 if past_waits else 1)
    assert step.signals == (() if past_waits else (Signal.DONE,))
    waiting = tail.step(at(NOW), given[:1], a_run("requires_action"), fresh=True)
    assert waiting.signals == (Signal.DONE,)


def test_what_the_run_was_long_ago_says_nothing() -> None:
    """A reader that polls looks at rows more often than at the run: a run that it has seen queued
    may be at work for long, and one past its deadline may have ended otherwise.
    """
    tail = joined().step(at(NOW), rows("thread.run.queued"), QUEUED, fresh=True).tail
    for quarter in range(1, 60 * 4):
        now = NOW + quarter / 4
        run = WORKING if (fresh := now >= tail.look_at) else QUEUED
        step = tail.step(at(now), [], run, fresh=fresh)
        assert Signal.STUCK not in step.signals
        assert step.tail.look_at <= now + PING_EVERY, "it does not look again"
        tail = step.tail
    late = WORKING.expires_at + LATE
    assert tail.step(at(late), [], WORKING, fresh=False).event is None


# Whatever the interleaving

DELTA = "thread.message.delta"
WAIT = "thread.run.requires_action"
TURN = ["thread.run.step.created", "thread.run.step.in_progress"]


@dataclass
class Log:
    """A run's life: its rows in the transactions that write them, and the status each leaves."""

    writes: list[tuple[Names, RunStatus]]
    written: int = 0

    @property
    def all_names(self) -> Names:
        return [name for names, _ in self.writes for name in names]

    def run(self) -> Run:
        status = self.writes[self.written - 1][1]
        return a_run(status, expires_at=objects.NOW + 10**9, cancelled_at=objects.NOW)

    def rows(self, after: int, batch: int) -> list[Row]:
        there = [name for names, _ in self.writes[: self.written] for name in names]
        return rows(*there)[after : after + batch]

    def expected(self, after: int, *, past_waits: bool) -> list[Row]:
        """What a reader from `after` on is told: up to the next end, without changes of attempt."""
        told, stops = [], {f"thread.run.{status}" for status in ENDS}
        for each in rows(*self.all_names)[after:]:
            told += [each] if each.name != TAKEN_OVER else []
            if each.name in stops or (each.name == WAIT and not past_waits):
                break
        return told


@st.composite
def logs(draw: st.DrawFn) -> Log:
    """Legs of deltas and changes of attempt, each but the last waiting for outputs."""
    writes: list[tuple[Names, RunStatus]] = [
        (["thread.run.created", "thread.run.queued"], "queued"),
    ]
    legs = draw(st.integers(1, 3))
    for leg in range(legs):
        writes.append((["thread.run.in_progress"], "in_progress"))
        middle = st.sampled_from([[TAKEN_OVER], TURN, [DELTA], [DELTA]])
        writes += [(names, "in_progress") for names in draw(st.lists(middle, max_size=5))]
        if leg < legs - 1:
            writes.append((["thread.run.requires_action"], "requires_action"))
            writes.append((["thread.run.step.completed", "thread.run.queued"], "queued"))
    if draw(st.booleans()):
        writes.append(([], "cancelling"))
    end = draw(st.sampled_from(ENDS))
    writes.append((["thread.message.completed", f"thread.run.{end}"], end))
    return Log(writes, written=1)


@dataclass
class Reader:
    """Reads as `follow` does: the run when that is due or at any time, then the rows.

    One who reads past waits, and comes to one that is not over yet, resumes behind it.
    """

    log: Log
    first: int
    past_waits: bool = False
    tail: Tail | None = None
    run: Run | None = None
    told: list[Row] = field(default_factory=list)
    over: bool = False

    def look_at_the_run(self, now: float) -> None:
        self.run = self.log.run()
        if self.tail is None:
            after = self.told[-1].seq if self.told else self.first
            self.tail = Tail.at(now, after, past_waits=self.past_waits)

    def read(self, now: float, batch: int) -> None:
        if self.over:
            return
        if fresh := self.tail is None or now >= self.tail.look_at:
            self.look_at_the_run(now)
        assert self.tail is not None
        there = self.log.rows(
            self.tail.after, len(self.log.all_names) if self.past_waits else batch
        )
        step = self.tail.step(at(now), there, self.run, fresh=fresh)
        assert step.event is None
        self.told += step.rows
        self.tail = step.tail
        self.over = Signal.DONE in step.signals
        assert self.over or step.until is not None or step.signals == (Signal.STUCK,)
        if step.signals == (Signal.STUCK,):
            assert self.log.run().status == "queued", "a run that is worked on is called stuck"
            self.leave()
        if self.over and self.past_waits and self.told and self.told[-1].name == WAIT:
            self.over = False
            self.leave()

    def leave(self) -> None:
        """Disconnect; the next look resumes behind what was told last."""
        self.tail = None


ACTIONS = st.tuples(
    st.sampled_from(["write", "look", "read", "read", "leave"]),
    st.integers(0, 4),
    st.sampled_from([1, 2, 500]),
    st.sampled_from([0.0, 0.25, 4.0, 16.0]),
)


@given(logs(), st.lists(ACTIONS, max_size=60), st.data())
def test_every_reader_is_told_the_same(
    log: Log, actions: list[tuple[str, int, int, float]], data: st.DataObject
) -> None:
    """Joined before, during or after the run, at any number, in batches of any size, with any
    attempts, disconnected and resumed: the same rows in the same order, and an end.
    """
    last = len(log.all_names)
    readers = [Reader(log, data.draw(st.integers(0, last))) for _ in range(3)]
    readers += [Reader(log, 0), Reader(log, data.draw(st.integers(0, last)), past_waits=True)]
    now = NOW
    for action, number, batch, pause in actions:
        now += pause
        reader = readers[number]
        if action == "write":
            log.written = min(log.written + 1, len(log.writes))
        elif action == "look":
            reader.look_at_the_run(now)
        elif action == "read":
            reader.read(now, batch)
        else:
            reader.leave()
    slow_at = data.draw(st.integers(log.written, len(log.writes)))
    while log.written < len(log.writes):
        log.written += 1
        for _ in range(100 if log.written == slow_at else 1):  # 25 s in which nothing happens
            now += 0.25
            for reader in readers:
                reader.read(now, 2)
    for reader in readers:
        for _ in range(last + 40):
            now += LATER
            reader.read(now, 2)
        assert reader.over, "a reader hangs"
        assert reader.told == log.expected(reader.first, past_waits=reader.past_waits)
    assert log.run().status not in ACTIVE
