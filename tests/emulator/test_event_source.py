"""The event source mapping: order, batches, filters and failures."""

import logging
import queue
from pathlib import Path
from typing import Any

import pytest

from functions.deployment import TRIGGERS
from infra.local.aws.aws_error import Unsupported
from infra.local.aws.event_source import EventSource
from infra.local.aws.function_error import FunctionError
from tests.emulator.streams import (
    Dispatcher,
    SleepClock,
    Stream,
    change,
    changes,
    checkpoints,
    failures,
    mapping,
    trigger,
)

QUEUED = ({"dynamodb": {"NewImage": {"status": {"S": ["queued"]}}}},)


@pytest.fixture
def clock() -> SleepClock:
    return SleepClock()


# Delivery


def test_records_come_in_order_and_in_batches(path: Path, clock: SleepClock) -> None:
    """At most `batch` at once; what is written later comes later; all of it exactly once."""
    stream, function = Stream(changes(*range(1, 26))), Dispatcher()
    with mapping(path, stream, function, clock, batch=10):
        assert [stream.trims.get(timeout=10) for _ in range(3)] == [10, 20, 25]
        stream.add(*changes(26, 27))
        while stream.trims.get(timeout=10) < 27:
            pass
    assert [number for numbers in function.calls for number in numbers] == list(range(1, 28))
    assert [len(numbers) for numbers in function.calls[:3]] == [10, 10, 5]


def test_a_record_wakes_the_mapping(path: Path, clock: SleepClock) -> None:
    """No polling: the wait for records begins after the last one, and ends with the next."""
    waits: queue.Queue[tuple[int, float]] = queue.Queue()

    class Watched(Stream):
        def wait_for_records(self, table: str, after: int, until: float) -> None:
            waits.put((after, until - clock.monotonic()))
            super().wait_for_records(table, after, until)

    stream, function = Watched(changes(5)), Dispatcher()
    with mapping(path, stream, function, clock):
        assert waits.get(timeout=10) == (5, 1.0)
        stream.add(change(6))
        stream.trims.get(timeout=10)
        assert stream.trims.get(timeout=10) == 6
    assert function.calls == [[5], [6]]


def test_what_no_filter_matches_is_not_delivered(path: Path, clock: SleepClock) -> None:
    """Our own trigger gets the queued runs; the checkpoint passes over the others."""
    stream = Stream([change(1, "completed"), change(2), change(3, "in_progress"), change(4)])
    function = Dispatcher()
    assert TRIGGERS[0].filters == QUEUED
    with mapping(path, stream, function, clock, filters=QUEUED):
        assert stream.trims.get(timeout=10) == 4
        stream.add(change(5, "completed"))
        assert stream.trims.get(timeout=10) == 5
    assert function.calls == [[2, 4]]


@pytest.mark.parametrize(
    ("filters", "numbers"),
    [
        (({"eventName": ["REMOVE"]},), [2]),
        (({"eventName": ["REMOVE", "INSERT"]},), [1, 2]),
        (({"eventName": ["REMOVE"]}, {"eventName": ["INSERT"]}), [1, 2]),
        (({"eventName": ["MODIFY"], "dynamodb": {"NewImage": {"status": {"S": ["queued"]}}}},), []),
        (({"dynamodb": {"OldImage": {"status": {"S": ["queued"]}}}},), []),
        (({"dynamodb": {"SequenceNumber": {"S": ["1"]}}},), []),
        ((), [1, 2, 3]),
    ],
)
def test_filters(path: Path, clock: SleepClock, filters: Any, numbers: list[int]) -> None:
    """All names of a pattern must match, one value of each list, and one pattern of several."""
    stream = Stream([change(1), change(2, event="REMOVE"), change(3, "done", "MODIFY")])
    function = Dispatcher()
    with mapping(path, stream, function, clock, filters=filters):
        assert stream.trims.get(timeout=10) == 3
    assert function.calls == ([numbers] if numbers else [])


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ({"eventName": [{"prefix": "IN"}]}, "prefix"),
        ({"eventName": [{"anything-but": ["INSERT"]}]}, "anything-but"),
        ({"eventName": [{"exists": False}]}, "exists"),
        ({"$or": [{"eventName": ["INSERT"]}]}, "\\$or"),
        ({"eventName": "INSERT"}, "INSERT"),
        ({"eventName": []}, "\\[\\]"),
        ({"eventName": [1]}, "1"),
        ({"eventName": [None]}, "None"),
        ({"dynamodb": {}}, "{}"),
        ({}, "{}"),
        ([], "\\[\\]"),
    ],
)
def test_other_patterns_are_refused_by_name(
    path: Path, clock: SleepClock, pattern: Any, name: str
) -> None:
    """Not at the first record that they would lose, but when the mapping is made."""
    with pytest.raises(Unsupported, match=name):
        EventSource(Stream(), trigger(filters=(pattern,)), Dispatcher(), clock, checkpoints(path))


# Failures


def test_a_reported_record_comes_again_with_those_after_it(path: Path, clock: SleepClock) -> None:
    """From the first one that batchItemFailures names; those before it are acknowledged."""
    stream, function = Stream(changes(1, 2, 3, 4)), Dispatcher(reported={2: 1, 3: 2})
    with mapping(path, stream, function, clock):
        assert clock.next_sleep() == 0.5
        assert clock.next_sleep() == 0.5
        assert stream.trims.get(timeout=10) == 4
    assert function.calls == [[1, 2, 3, 4], [2, 3, 4], [3, 4]]
    assert failures(path) == []


def test_an_error_bisects_the_batch(path: Path, clock: SleepClock) -> None:
    """Down to the record that fails; order stays, and what is good is acknowledged once."""
    stream, function = Stream(changes(*range(1, 9))), Dispatcher(bad={6: 4})
    with mapping(path, stream, function, clock):
        assert clock.next_sleep() == 0.5
        assert stream.trims.get(timeout=10) == 8
    bisections = [[1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 3, 4], [5, 6, 7, 8], [5, 6], [5], [6]]
    assert function.calls == [*bisections, [6], [7, 8]]
    assert failures(path) == []


def test_retries_wait_longer_and_longer(path: Path, clock: SleepClock) -> None:
    """Doubled from half a second, 64 seconds at most: late, never lost."""
    stream, function = Stream(changes(1)), Dispatcher(bad={1: 10})
    with mapping(path, stream, function, clock, retries=10):
        delays = [clock.next_sleep() for _ in range(10)]
        assert stream.trims.get(timeout=10) == 1
    assert delays == [0.5, 1, 2, 4, 8, 16, 32, 64, 64, 64]
    assert (len(function.calls), failures(path)) == (11, [])


@pytest.mark.parametrize("kind", ["bad", "reported"])
def test_a_record_that_goes_on_failing_is_given_up(
    path: Path, clock: SleepClock, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    """After its retries its position is in the failure queue, not its content; the others pass."""
    kinds: dict[str, Any] = {kind: {2: 99}}
    stream, function = Stream(changes(1, 2, 3)), Dispatcher(**kinds)
    with caplog.at_level(logging.ERROR), mapping(path, stream, function, clock):
        assert [clock.next_sleep(), clock.next_sleep()] == [0.5, 1]
        assert stream.trims.get(timeout=10) == 3
    error = {"bad": "ValueError", "reported": "BatchItemFailure"}[kind]
    assert failures(path) == [("runs", "dispatcher", 2, error)]
    assert [message.count("run_2") for message in caplog.messages] == [0]
    assert function.calls[-1] == [3]


def test_minus_one_retries_for_ever(path: Path, clock: SleepClock) -> None:
    """A mapping with retries of -1 gives nothing up."""
    stream, function = Stream(changes(1)), Dispatcher(bad={1: 2000})
    with mapping(path, stream, function, clock, retries=-1):
        for _ in range(2000):
            clock.next_sleep()
        assert stream.trims.get(timeout=10) == 1
    assert failures(path) == []


@pytest.mark.parametrize(
    ("answer", "calls"),
    [
        (None, 1),
        ("", 1),
        ({}, 1),
        ({"batchItemFailures": None}, 1),
        ({"batchItemFailures": []}, 1),
        ("text", 3),
        ({"batchItemFailures": 5}, 3),
        ({"batchItemFailures": ["x"]}, 3),
        ({"batchItemFailures": [{}]}, 3),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, 3),
        ({"batchItemFailures": [{"itemIdentifier": None}]}, 3),
        ({"batchItemFailures": [{"itemIdentifier": ["1"]}]}, 3),
        ({"batchItemFailures": [{"itemIdentifier": "of another batch"}]}, 3),
    ],
)
def test_answers(path: Path, clock: SleepClock, answer: Any, calls: int) -> None:
    """An empty answer is success, one that can't be understood fails the whole batch."""
    received: list[Any] = []

    def function(_: str, event: Any) -> Any:
        received.append(event)
        return answer if len(received) == 1 else {}

    stream = Stream(changes(1, 2))
    with mapping(path, stream, function, clock):
        assert stream.trims.get(timeout=10) == 2
    assert len(received) == calls


def test_a_function_cannot_change_a_record(path: Path, clock: SleepClock) -> None:
    """What it does to its event is not seen by the next attempt."""
    seen: list[str] = []

    def function(_: str, event: Any) -> Any:
        image = event["Records"][0]["dynamodb"]["NewImage"]
        seen.append(image["run_id"]["S"])
        image["run_id"]["S"] = "changed"
        if len(seen) == 1:
            raise FunctionError("ValueError", "it failed")
        return {}

    stream = Stream(changes(1))
    with mapping(path, stream, function, clock):
        clock.next_sleep()
        stream.trims.get(timeout=10)
    assert seen == ["run_1", "run_1"]


@pytest.mark.parametrize("by", [-600, 600])
def test_a_back_off_when_the_clock_is_set(path: Path, clock: SleepClock, by: float) -> None:
    """It is an interval: the wall clock makes it neither longer nor shorter."""
    stream, function = Stream(changes(1)), Dispatcher(bad={1: 1})
    with mapping(path, stream, function, clock):
        seconds = clock.sleeps.get(timeout=10)
        clock.set_wall(by)
        clock.advance(seconds - 0.1)
        assert stream.trims.empty()
        clock.advance(0.1)
        assert stream.trims.get(timeout=10) == 1
