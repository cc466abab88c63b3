"""The wall clock of a running system is set, by ten hours forward or back: intervals stay what they
are, and what is due at a time of the wall clock is done when that shows it.
"""

import math
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fake_clock import FakeClock
from tests.held_script import Held
from tests.scripted_provider import ScriptedProvider, Stall, says
from tests.system import System, running
from threadkeep.providers.port import Failed, Text
from threadkeep.store.waker import Polling

_HOURS = 36_000.0  # seconds by which the clock is set
_SOON = (
    _HOURS / 2
)  # seconds: no interval of the system is as long, but one that the setting hits is
SETTINGS = pytest.mark.parametrize("by", [-_HOURS, _HOURS])


@pytest.fixture
def system(tmp_path: Path) -> Iterator[System]:
    provider = ScriptedProvider([Stall()])
    with running(tmp_path, provider=provider, run_seconds=100_000) as system:
        yield system


def set_wall(system: System, by: float) -> None:
    assert isinstance(system.clock, FakeClock)
    system.clock.set_wall(by)


def soon(system: System, look: Callable[[], object]) -> None:
    """It comes true while time passes, and long before the clock would have made up for it."""
    began = system.clock.monotonic()
    system.until(look, moving=0.5)
    assert system.clock.monotonic() - began < _SOON


def read(frames: Iterator[tuple[str, Any]]) -> list[str]:
    """The names of the frames that have come so far, and of those that are still to come."""
    names: list[str] = []
    threading.Thread(target=lambda: names.extend(name for name, _ in frames), daemon=True).start()
    return names


def begin(system: System) -> dict[str, Any]:
    """A run whose model has been asked."""
    run = system.new_run()
    system.until(lambda: system.provider.requests)
    return run


@SETTINGS
def test_a_cancel(system: System, by: float) -> None:
    """An executor looks at its run once a second, whatever the wall clock shows."""
    run = begin(system)
    set_wall(system, by)
    system.post(f"/threads/{run['thread_id']}/runs/{run['id']}/cancel")
    soon(system, lambda: system.stored(run) == "cancelled")


def test_a_cancel_between_model_and_deadline(system: System) -> None:
    """The model is stopped a second before the deadline. Until that comes the run is looked at."""
    before = set(threading.enumerate())
    run = begin(system)
    system.advance(run["expires_at"] - system.clock.now() - 1)
    system.until(
        lambda: all(thread.name != "model" for thread in set(threading.enumerate()) - before)
    )
    set_wall(system, -_HOURS)
    system.post(f"/threads/{run['thread_id']}/runs/{run['id']}/cancel")
    soon(system, lambda: system.stored(run) == "cancelled")


def test_a_deadline(system: System) -> None:
    """It is a time of the wall clock, as readers are told: set forward it comes sooner."""
    run = begin(system)
    set_wall(system, run["expires_at"] - system.clock.now())
    soon(system, lambda: system.stored(run) == "expired")


@SETTINGS
def test_a_model_that_is_asked_again(system: System, by: float) -> None:
    """The pause before it is an interval."""
    system.provider.script = [Failed("server_error", "Busy", passing=True)]
    run = begin(system)
    system.provider.script = says("Hello")
    set_wall(system, by)
    soon(system, lambda: system.stored(run) == "completed")


@SETTINGS
def test_deltas_and_pings(system: System, by: float) -> None:
    """What gathers is told, and silence broken, on time."""
    script = Held(Text("a"), Text("b"), Stall())
    system.provider.script = script
    thread_id, assistant_id = system.thread("Hi")["id"], system.assistant()["id"]
    body = {"assistant_id": assistant_id, "stream": True}
    names = read(system.stream(f"/threads/{thread_id}/runs", body))
    system.until(lambda: "thread.message.delta" in names)
    set_wall(system, by)
    script.let_go.set()
    soon(system, lambda: names.count("thread.message.delta") == 2)
    soon(system, lambda: names[-1] == ": ping")


@SETTINGS
def test_a_reader_that_polls(by: float) -> None:
    """It looks again after a while."""
    clock = FakeClock()
    waiting = threading.Thread(
        target=Polling(clock).wait, args=("run", None, math.inf), daemon=True
    )
    waiting.start()
    clock.set_wall(by)
    while waiting.is_alive() and clock.monotonic() < _SOON:
        clock.advance(0.25)
        waiting.join(0.02)
    assert not waiting.is_alive()
