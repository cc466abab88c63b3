"""Workers of streamed runs die, wherever it hurts most, while readers look on.

No reader hangs, all are told the same, and nobody is told two versions of anything.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.chaos.stream_readers import Audience, Frames, check, names, said
from tests.faults import KillFrom
from tests.scripted_provider import CLOCK as TIME
from tests.scripted_provider import ONE, TWO, WEATHER, Script, calls, says
from tests.system import System, running

# Of the first executor: read, end of the log, claim, messages, begin, first delta, the others, end.
_CALLS = 8
_MOVING = 1.0  # fake seconds that pass at once while a retry is waited for
_TOLD = 6  # a turn whose executor dies at this call or later has told something
_TEXT = says("Hel", "lo ", "there")
_CALLED = calls(ONE, TWO)
_TOOLS = [WEATHER, TIME]
_BROKEN_OFF = [
    "thread.message.incomplete",
    "thread.run.step.failed",
    "thread.run.failed",
    "done",
]


@contextmanager
def killing(system: System, script: Script, *first: int) -> Iterator[list[KillFrom]]:
    """The n-th invocation of the executor from now on dies from its call number `first[n]` on."""
    kills = [KillFrom("executor", call, victim) for victim, call in enumerate(first, 1)]
    system.provider.script = script
    system.local.transport.interceptors.extend(kills)
    try:
        yield kills
    finally:
        for kill in kills:
            system.local.transport.interceptors.remove(kill)


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """One for all: no run knows of another."""
    with running(tmp_path_factory.mktemp("state")) as system:
        yield system


def told_to_the_end(system: System, audience: Audience, *kills: KillFrom, after: int = 0) -> Frames:
    """What everybody was told behind `after`, at the end of the run.

    Time stands still until the first victim has died.
    """
    over = {"completed", "failed"}
    system.until(lambda: any(k.killed for k in kills) or system.stored(audience.run) in over)
    system.ended(audience.run, moving=_MOVING)
    frames = audience.frames(after)
    check(frames)
    assert frames[-2][1] == system.seen(audience.run)
    return frames


def leave(system: System, audience: Audience) -> None:
    """See to it that the run's first execution, which waits for the deadline, calls nobody later:
    the next test counts calls.
    """
    system.advance(max(0.0, audience.run["expires_at"] - system.clock.now()))
    system.until(lambda: not system.executing(f"{audience.run['id']}-1"))


@pytest.mark.promise("19.10")
@pytest.mark.parametrize("first", range(_CALLS + 1))
def test_an_executor_of_text(system: System, first: int) -> None:
    """What had told nothing goes on with the next attempt, what had told something fails."""
    with killing(system, _TEXT, first) as kills:
        frames = told_to_the_end(system, Audience(system), *kills)
    if _TOLD <= first < _CALLS:
        assert names(frames)[-2] == "thread.run.failed"
        assert said(frames) == ("Hel" if first == _TOLD else "Hello there")
    else:
        assert names(frames)[-2] == "thread.run.completed"
        assert said(frames) == "Hello there"


@pytest.mark.parametrize(("script", "calls"), [(_TEXT, _CALLS), (_CALLED, _CALLS + 2)])
def test_the_kills_reach_past_the_last_call(system: System, script: Script, calls: int) -> None:
    """What is killed here is all that an executor does."""
    with killing(system, script):
        count = KillFrom("executor", 1_000)
        system.local.transport.interceptors.append(count)
        audience = Audience(system, tools=_TOOLS)
        audience.frames()
        assert count.calls == calls
    leave(system, audience)


@pytest.mark.promise("19.10")
@pytest.mark.parametrize("second", range(_CALLS + 3))
@pytest.mark.parametrize("first", [3, _TOLD - 1, _TOLD])
def test_two_executors(system: System, first: int, second: int) -> None:
    """The first has claimed, announced, or told something; the next dies anywhere, too.

    Of the third invocation, which may be Settle, everybody is told the end.
    """
    with killing(system, _TEXT, first, second) as kills:
        frames = told_to_the_end(system, Audience(system), *kills)
    assert names(frames).count("thread.run.in_progress") == 1
    if names(frames)[-2] == "thread.run.completed":
        assert said(frames) == "Hello there"


@pytest.mark.promise("19.10")
@pytest.mark.parametrize("settle", range(7))
@pytest.mark.parametrize("second", [3, _TOLD + 2])
def test_settle(system: System, second: int, settle: int) -> None:
    """Both executors die, having announced a turn or told of it, and Settle on its way."""
    with killing(system, _TEXT, _TOLD - 1, second, settle) as kills:
        frames = told_to_the_end(system, Audience(system), *kills)
    assert names(frames)[-4:] == _BROKEN_OFF
    assert said(frames) == ("" if second == 3 else "Hel")


@pytest.mark.promise("19.10")
@pytest.mark.parametrize("first", range(_CALLS + 3))
def test_an_executor_of_calls(system: System, first: int) -> None:
    """As for text: the calls that were told are those of the step, or of the required action."""
    settled = {"requires_action", "failed"}
    with killing(system, _CALLED, first) as (kill,):
        audience = Audience(system, tools=_TOOLS)
        system.until(lambda: kill.killed or system.stored(audience.run) in settled)
        system.until(lambda: system.stored(audience.run) in settled, moving=_MOVING)
        frames = audience.frames()
    check(frames)
    assert frames[-2][1] == system.seen(audience.run)
    leave(system, audience)
    if _TOLD <= first < _CALLS + 2:
        assert names(frames)[-3:] == ["thread.run.step.failed", "thread.run.failed", "done"]
    else:
        action = frames[-2][1]["required_action"]["submit_tool_outputs"]
        assert [c["function"]["arguments"] for c in action["tool_calls"]] == [ONE[2], TWO[2]]


@pytest.mark.parametrize("first", range(_CALLS + 2))
def test_an_executor_of_the_second_leg(system: System, first: int) -> None:
    """Whoever resumed behind the first half is told what the submit's stream is told."""
    with killing(system, _CALLED, 1_000, first) as kills:
        audience = Audience(system, tools=_TOOLS)
        check(audience.frames())
        after = audience.told
        system.provider.script = _TEXT
        audience.submit(call_1="sunny", call_2="12:00")
        frames = told_to_the_end(system, audience, *kills, after=after)
    assert names(frames)[:3] == [
        "thread.run.step.completed",
        "thread.run.queued",
        "thread.run.in_progress",
    ]
    assert said(frames) in ("Hello there", "Hel")


def test_another_type_of_turn_than_announced(system: System) -> None:
    """Text was announced, but the next attempt calls functions: it can't be unsaid, so it fails."""
    with killing(system, _TEXT, _TOLD - 1) as kills:
        audience = Audience(system, tools=_TOOLS)
        system.until(lambda: audience.said("thread.message.in_progress"))
        system.provider.script = _CALLED
        frames = told_to_the_end(system, audience, *kills)
    assert names(frames)[-4:] == _BROKEN_OFF
