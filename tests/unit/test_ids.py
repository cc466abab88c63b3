"""Ids sort by creation, in bytes."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from threadkeep.domain import ids

_NUMBERS = st.integers(min_value=0, max_value=62**11 - 1)


@given(_NUMBERS, _NUMBERS)
def test_base62_keeps_the_order(a: int, b: int) -> None:
    """The order of the texts, as bytes, is the order of the numbers."""
    texts = ids.base62(a, 11).encode(), ids.base62(b, 11).encode()
    assert (texts[0] < texts[1]) == (a < b)
    assert ids.unbase62(ids.base62(a, 11)) == a


@given(st.lists(st.floats(min_value=0, max_value=4e9), min_size=2, max_size=50))
def test_ids_grow_whatever_the_clock_does(times: list[float]) -> None:
    """Each id is above the one before, also when the clock stands still or goes back."""
    source = ids.IdSource()
    made = [source.new("msg", now) for now in times]
    assert all(a < b for a, b in pairwise(made))
    assert all(ids.well_formed("msg", id_) and len(id_) == len("msg_") + ids.LENGTH for id_ in made)


@given(_NUMBERS)
def test_an_id_can_be_made_above_any_place(number: int) -> None:
    """Whoever finds a larger id than its own makes a still larger one."""
    after = ids.base62(min(number, 62**11 - 2), 11)
    assert ids.place(ids.IdSource().new("msg", 0, after=after)) > after


def test_a_runs_ids_are_fixed_and_ordered() -> None:
    """Steps and messages have the same ids in every attempt, in the order of the steps."""
    run_id = ids.IdSource().new("run", 1_800_000_000)
    steps = [ids.of_run("step", run_id, n) for n in range(30)]
    assert steps == [ids.of_run("step", run_id, n) for n in range(30)]
    assert steps == sorted(steps)
    assert all(ids.place(step) == ids.place(run_id) for step in steps)
    assert steps[-1] < ids.end_of_run("step", run_id)


def test_what_never_touches_a_key() -> None:
    """Ids of another kind, with slashes, dashes or nothing, and strange projects are refused."""
    assert ids.well_formed("thread", "thread_abc")
    for bad in (
        "thread_",
        "run_abc",
        "thread_a/b",
        "thread_a-b",
        "x/thread_a",
        "thread_ä",
        "thread_a\n",
    ):
        assert not ids.well_formed("thread", bad)
    assert ids.valid_project("acme-1_A")
    for bad in ("", "a/b", "a" * 65, "ä", "a\n"):
        assert not ids.valid_project(bad)
