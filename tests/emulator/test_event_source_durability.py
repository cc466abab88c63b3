"""The event source mapping's checkpoint: restarts, stops and kill -9."""

import subprocess
import sys
import threading
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from functions.deployment import Trigger
from infra.local.aws.event_source import EventSource
from tests.emulator.streams import (
    Change,
    Dispatcher,
    SleepClock,
    Stream,
    changes,
    checkpoints,
    mapping,
    trigger,
)

ROOT = Path(__file__).parents[2]


@pytest.fixture
def clock() -> SleepClock:
    return SleepClock()


def test_the_checkpoint_outlives_the_mapping(path: Path, clock: SleepClock) -> None:
    """What was acknowledged does not come again, though it is still in the stream."""
    first, second = Dispatcher(), Dispatcher()
    stream = Stream(changes(1, 2))
    with mapping(path, stream, first, clock):
        stream.trims.get(timeout=10)
    stream = Stream(changes(1, 2, 3))
    with mapping(path, stream, second, clock):
        assert stream.trims.get(timeout=10) == 3
    assert (first.calls, second.calls) == ([[1, 2]], [[3]])


def test_the_stream_is_trimmed_when_every_mapping_is_done(path: Path, clock: SleepClock) -> None:
    """Two functions read one table: what one has not had yet stays."""
    stream = Stream(changes(1, 2))
    done = checkpoints(path, "cleaner")
    other = EventSource(stream, Trigger("runs", "cleaner", ()), lambda *_: {}, clock, done)
    with mapping(path, stream, Dispatcher(), clock):
        assert stream.trims.get(timeout=10) == 0
    other.start()
    assert stream.trims.get(timeout=10) == 2
    other.stop()


def test_stop_ends_a_back_off(path: Path, clock: SleepClock) -> None:
    """No thread is left; the record that was waiting comes again at the next start."""
    stream = Stream(changes(1))
    before = set(threading.enumerate())
    with mapping(path, stream, Dispatcher(bad={1: 9}), clock):
        clock.sleeps.get(timeout=10)
    for thread in set(threading.enumerate()) - before:
        thread.join(10)
        assert not thread.is_alive()
    again = Dispatcher()
    with mapping(path, stream, again, clock):
        stream.trims.get(timeout=10)
    assert again.calls == [[1]]


def test_stop_wakes_a_back_off(path: Path) -> None:
    """It does not sleep to its end."""

    class Unchanging(SleepClock):
        def wait(self, condition: threading.Condition, until: float) -> None:
            self.sleeps.put(until)
            assert condition.wait(10)

    clock = Unchanging()
    with mapping(path, Stream(changes(1)), Dispatcher(bad={1: 9}), clock) as source:
        clock.sleeps.get(timeout=10)
    source._worker._thread.join(10)
    assert not source._worker._thread.is_alive()


def test_stop_lets_a_read_finish(path: Path, clock: SleepClock) -> None:
    """When it has returned nobody reads the stream any more: its file may be closed."""
    entered, reads = threading.Event(), []

    class Slow(Stream):
        def records(self, table: str, after: int, limit: int) -> list[Change]:
            entered.set()
            threading.Event().wait(0.1)
            reads.append(after)
            return super().records(table, after, limit)

    with mapping(path, Slow(), Dispatcher(), clock):
        assert entered.wait(10)
    assert reads


def test_stop_does_not_wait_for_the_function(path: Path, clock: SleepClock) -> None:
    """It is left alone; its late answer acknowledges nothing, so its records come again."""
    entered, released = threading.Event(), threading.Event()

    def function(_: str, event: Any) -> Any:
        entered.set()
        assert released.wait(10)
        return {}

    stream = Stream(changes(1))
    source = EventSource(stream, trigger(), function, clock, checkpoints(path))
    source.start()
    assert entered.wait(10)
    source.stop()
    released.set()
    source._worker._thread.join(10)
    assert stream.trims.empty()
    again = Dispatcher()
    with mapping(path, stream, again, clock):
        stream.trims.get(timeout=10)
    assert again.calls == [[1]]


def test_kill_9_repeats_what_was_not_acknowledged(path: Path, clock: SleepClock) -> None:
    """Killed inside the function: the acknowledged batch does not come again, the open one does."""
    program = """
        import sys, threading
        from pathlib import Path
        from tests.emulator.streams import *

        def function(name, event):
            if len(event["Records"]) == 1:
                print("third batch", flush=True)
                threading.Event().wait()
            return {}

        stream = Stream(changes(1, 2, 3, 4, 5))
        with mapping(Path(sys.argv[1]), stream, function, SleepClock(), batch=2):
            threading.Event().wait()
    """
    command = [sys.executable, "-c", dedent(program), str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "third batch\n"
        process.kill()
    stream, function = Stream(changes(1, 2, 3, 4, 5, 6)), Dispatcher()
    with mapping(path, stream, function, clock):
        assert stream.trims.get(timeout=10) == 6
    assert function.calls == [[5, 6]]
