"""Gathering deltas: nothing is lost, moved or told twice."""

from collections import defaultdict
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadkeep.domain.events import CallDelta, TextDelta
from threadkeep.execution.deltas import Delta, Deltas

GATHER = 0.1
LONGEST = 40_000
MESSAGE, STEP = "msg_1", "step_1"

TEXTS = st.text(max_size=6)
PAUSES = st.sampled_from([0.0, 0.01, 0.06, 0.1, 5.0])
SAID = st.builds(TextDelta, id=st.just(MESSAGE), text=TEXTS)
ARGUMENTS = st.builds(CallDelta, id=st.just(STEP), index=st.integers(0, 2), arguments=TEXTS)


def began(index: int) -> CallDelta:
    return CallDelta(STEP, index, f"call_{index}", f"name_{index}")


def through(changes: list[tuple[Delta, float]], *, idle: bool = False) -> list[Delta]:
    """What is written of these changes, each said so long after the one before it.

    `idle`: whoever writes also looks whenever something is due.
    """
    deltas, written, now = Deltas(GATHER), list[Delta](), 1_000.0
    deltas.begin()
    for change, pause in changes:
        now += pause
        if idle and deltas.due is not None and deltas.due <= now:
            written += deltas.flush(deltas.due)
        written += deltas.take(change, now)
    return written + deltas.flush(now)


def text_of(written: list[Delta]) -> str:
    return "".join(delta.text for delta in written if isinstance(delta, TextDelta))


@given(st.lists(st.tuples(SAID, PAUSES), min_size=1), st.booleans())
def test_text_is_told_as_it_was_said(changes: list[tuple[Delta, float]], idle: bool) -> None:
    """Joined, what is written is what was said; only the first piece is called the first."""
    written = through(changes, idle=idle)
    assert text_of(written) == text_of([change for change, _ in changes])
    firsts = [delta.first for delta in written if isinstance(delta, TextDelta)]
    assert firsts == [True] + [False] * (len(written) - 1)


@given(st.lists(st.tuples(ARGUMENTS, PAUSES)), st.booleans())
def test_calls_are_told_as_they_were_made(changes: list[tuple[Delta, float]], idle: bool) -> None:
    """However the arguments of several calls mix: each call's are whole and in order, and its id
    and name are told once, before them.
    """
    calls = [(began(index), 0.0) for index in range(3)]
    made: list[tuple[Delta, float]] = [*calls, *changes]
    written = through(made, idle=idle)
    assert _calls(written) == _calls([change for change, _ in made])
    begun = [delta for delta in written if isinstance(delta, CallDelta) and delta.call_id]
    assert begun == [began(index) for index in range(3)]


def _calls(deltas: list[Delta]) -> dict[int, str]:
    """The arguments of each call; those of a call that did not begin before count as lost."""
    arguments, known = defaultdict[int, str](str), set[int]()
    for delta in deltas:
        assert isinstance(delta, CallDelta)
        if delta.call_id:
            known.add(delta.index)
        if delta.index in known:
            arguments[delta.index] += delta.arguments
    return dict(arguments)


@given(st.lists(st.tuples(ARGUMENTS, PAUSES)), st.booleans())
def test_the_order_between_calls_is_kept(changes: list[tuple[Delta, float]], idle: bool) -> None:
    """What was said of one call before another is told before it."""
    said = [d for d, _ in changes if isinstance(d, CallDelta)]
    written = [d for d in through(changes, idle=idle) if isinstance(d, CallDelta)]
    spelled = [(d.index, letter) for d in said for letter in d.arguments]
    assert [(d.index, letter) for d in written for letter in d.arguments] == spelled


def test_the_first_is_told_at_once() -> None:
    """In each turn, whenever the last one was told."""
    deltas = Deltas(GATHER)
    for _ in range(2):
        deltas.begin()
        assert deltas.take(TextDelta(MESSAGE, "a"), 1.0) == [TextDelta(MESSAGE, "a", first=True)]
        assert deltas.due is None


def test_the_others_gather() -> None:
    """They are due together, a while after the last that was told; what comes later than that is
    told at once.
    """
    deltas = Deltas(GATHER)
    deltas.take(TextDelta(MESSAGE, "a"), 1.0)
    assert deltas.take(TextDelta(MESSAGE, "b"), 1.01) == []
    assert deltas.take(TextDelta(MESSAGE, "c"), 1.02) == []
    assert deltas.due == pytest.approx(1.1)
    assert deltas.flush(1.1) == [TextDelta(MESSAGE, "bc")]
    assert deltas.due is None
    assert deltas.flush(1.2) == []
    assert deltas.take(TextDelta(MESSAGE, "d"), 1.15) == []
    assert deltas.take(TextDelta(MESSAGE, "e"), 1.25) == [TextDelta(MESSAGE, "de")]


def test_a_call_that_begins_is_no_part_of_another_delta() -> None:
    """Its id and name stand alone, so its arguments can be added up."""
    deltas = Deltas(GATHER)
    assert deltas.take(began(0), 1.0) == [began(0)]
    first, second = CallDelta(STEP, 0, arguments="{"), CallDelta(STEP, 0, arguments="}")
    assert deltas.take(first, 1.01) == []
    assert deltas.take(second, 1.01) == []
    assert deltas.take(began(1), 1.01) == [replace(first, arguments="{}")]
    assert deltas.take(CallDelta(STEP, 1, arguments="[]"), 1.01) == [began(1)]
    assert deltas.flush(1.02) == [CallDelta(STEP, 1, arguments="[]")]


@pytest.mark.parametrize("length", [LONGEST - 1, LONGEST, LONGEST + 1, 3 * LONGEST + 5])
def test_none_is_too_long_for_its_row(length: int) -> None:
    """A change may be of any length, and many short ones gather: each delta is short enough."""
    text = "".join(chr(0x4E00 + n % 9973) for n in range(length))
    pieces = [text[start : start + 999] for start in range(0, length, 999)]
    for said in ([text], pieces):
        written = through([(TextDelta(MESSAGE, piece), 0.0) for piece in said])
        assert text_of(written) == text
        assert max(len(d.text) for d in written if isinstance(d, TextDelta)) <= LONGEST
    arguments: list[tuple[Delta, float]] = [(CallDelta(STEP, 0, "call_0", "f", text), 0.0)]
    told = through(arguments)
    assert [len(d.arguments) for d in told if isinstance(d, CallDelta)] == [
        min(LONGEST, length - start) for start in range(0, length, LONGEST)
    ]
    assert [bool(d.call_id) for d in told if isinstance(d, CallDelta)] == [
        start == 0 for start in range(0, length, LONGEST)
    ]


def test_a_full_delta_is_told_before_it_is_due() -> None:
    """What does not fit any more pushes out what has gathered."""
    deltas = Deltas(GATHER)
    deltas.take(TextDelta(MESSAGE, "a"), 1.0)
    assert deltas.take(TextDelta(MESSAGE, "b" * (LONGEST - 1)), 1.0) == []
    assert deltas.take(TextDelta(MESSAGE, "c"), 1.0) == []
    full = TextDelta(MESSAGE, "b" * (LONGEST - 1) + "c")
    assert deltas.take(TextDelta(MESSAGE, "d"), 1.0) == [full]
    assert deltas.flush(1.0) == [TextDelta(MESSAGE, "d")]


def test_what_is_due_is_told_with_what_comes_at_that_moment() -> None:
    """Not a moment later."""
    deltas = Deltas(GATHER)
    deltas.begin()
    deltas.take(TextDelta(MESSAGE, "a"), 1_000.0)
    assert deltas.take(TextDelta(MESSAGE, "b"), 1_000.05) == []
    due = deltas.due
    assert due is not None
    (told,) = deltas.take(TextDelta(MESSAGE, "c"), due)
    assert told == TextDelta(MESSAGE, "bc")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (TextDelta(MESSAGE, "a"), CallDelta(STEP, 0, arguments="b")),
        (CallDelta(STEP, 0, arguments="b"), TextDelta(MESSAGE, "a")),
        (CallDelta(STEP, 0, arguments="a"), CallDelta(STEP, 1, arguments="b")),
    ],
)
def test_what_is_not_of_a_kind_is_told_apart(one: Delta, other: Delta) -> None:
    """Text and arguments, or the arguments of two calls, are never one delta."""
    deltas = Deltas(GATHER)
    deltas.begin()
    deltas.take(TextDelta(MESSAGE, ""), 1_000.0)
    assert [*deltas.take(one, 1_000.01), *deltas.take(other, 1_000.02)] == [one]
    assert deltas.flush(1_000.03) == [other]
