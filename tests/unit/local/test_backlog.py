"""A project that has many records does not hold up another one's few."""

import queue
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from infra.local.aws.backlog import Backlog
from tests.emulator.streams import Change, SleepClock, Stream, change, mapping


def of(project: str, sequence: int) -> Change:
    """A record of a run of the project."""
    made = change(sequence)
    keys = {"thread": {"S": f"{project}/thread_{sequence}"}}
    document = {**made.document, "dynamodb": {**made.document["dynamodb"], "Keys": keys}}
    return replace(made, document=document)


def numbers(changes: list[Any]) -> list[int]:
    return [each.sequence for each in changes]


def test_projects_take_turns() -> None:
    """One record of each in turn, in order within a project."""
    backlog = Backlog(0)
    backlog.add([*(of("busy", n) for n in range(1, 9)), of("one", 9), of("two", 10)])
    assert numbers(backlog.take(4)) == [1, 2, 9, 10]
    assert numbers(backlog.take(99)) == [3, 4, 5, 6, 7, 8]


@given(st.lists(st.sampled_from("abc"), max_size=30), st.lists(st.integers(1, 7), max_size=30))
def test_nothing_is_done_before_all_below_it_is(projects: list[str], takes: list[int]) -> None:
    """However records are taken, each is taken once, and `done` is below what is still open."""
    records = [of(project, number) for number, project in enumerate(projects, 1)]
    backlog, closed = Backlog(0), set[int]()
    backlog.add(records)
    backlog.read = len(records)
    for most in [*takes, 99]:
        taken = backlog.take(most)
        assert not closed & set(numbers(list(taken)))
        backlog.close(taken)
        closed |= set(numbers(list(taken)))
        open_ = set(range(1, len(records) + 1)) - closed
        assert backlog.done == min(open_, default=len(records) + 1) - 1
    assert len(backlog) == 0


def test_a_later_record_of_another_project_comes_soon(tmp_path: Path) -> None:
    """It waits for the records that the function has, not for the whole backlog before it."""
    calls, go_on = queue.Queue[list[int]](), threading.Semaphore(0)

    def function(_: str, event: Any) -> Any:
        calls.put([int(each["dynamodb"]["SequenceNumber"]) for each in event["Records"]])
        assert go_on.acquire(timeout=10)
        return {}

    stream = Stream([of("busy", number) for number in range(1, 401)])
    with mapping(tmp_path / "checkpoints", stream, function, SleepClock(), batch=500):
        assert calls.get(timeout=10) == list(range(1, 11))
        stream.add(of("other", 401))
        go_on.release()
        assert calls.get(timeout=10) == [*range(11, 20), 401]
        go_on.release(100)
