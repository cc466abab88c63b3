"""The kill matrix again, with readers: whoever works on a streamed run dies at each of its calls.

No reader hangs, all are told the same, and nobody is told two versions of anything.
"""

from functools import partial

import pytest

from tests.chaos.invariants import Invariants
from tests.chaos.stream_readers import Audience, check, error_of
from tests.chaos.trial import LATE, NEVER, STALL, TALK, Record, Scenario, Trial
from tests.kill_points import KILLED
from tests.system import Refused
from threadkeep.domain.run_state import ENDS

# Of an executor's calls: with the first it has claimed its leg, with the next it has announced its
# turn, and with the last it has told of it.
CLAIMED, ANNOUNCED, TOLD = (3, False), (5, False), (8, False)


def shown(trial: Trial, kind: str, says: str = "Hi") -> Audience:
    """A streamed run with readers."""
    thread_id = trial.new_thread(says)
    return Audience(trial.system, thread_id, assistant_id=trial.assistants[kind])


def told_to_the_end(trial: Trial, audience: Audience) -> None:
    """Leg by leg, each with its own readers; its end is what REST has, and the thread is free."""
    after = 0
    while True:
        run = trial.stops(audience.run)
        frames = audience.frames(after)
        check(frames)
        assert frames[-2][1] == run
        if run["status"] in ENDS:
            break
        after = audience.told
        calls = run["required_action"]["submit_tool_outputs"]["tool_calls"]
        audience.submit(**{call["id"]: "sun" for call in calls})
        trial.system.until(partial(was_told_more, audience, after))
    trial.over(audience.run)


def was_told_more(audience: Audience, after: int) -> bool:
    return audience.told > after


def text_run(trial: Trial) -> None:
    told_to_the_end(trial, shown(trial, "text"))


def tool_run(trial: Trial) -> None:
    told_to_the_end(trial, shown(trial, "tools"))


def talking_run(trial: Trial) -> None:
    """It says something before each of its calls."""
    told_to_the_end(trial, shown(trial, "tools", TALK))


def half_said(trial: Trial) -> Audience:
    """A run that has said half of its answer, and then stalls; or that is over by then."""
    audience = shown(trial, "text", STALL)

    def far_enough() -> bool:
        said = audience.said("thread.message.delta")
        return said or trial.system.stored(audience.run) in ENDS

    trial.system.until(far_enough, moving=0.25)
    return audience


def cancelled_run(trial: Trial) -> None:
    audience = half_said(trial)
    run = audience.run
    try:
        trial.system.post(f"/threads/{run['thread_id']}/runs/{run['id']}/cancel")
    except Refused:
        assert trial.system.stored(run) in ENDS
    told_to_the_end(trial, audience)


def expiring_run(trial: Trial) -> None:
    audience = half_said(trial)
    trial.system.advance(max(0, audience.run["expires_at"] - trial.system.clock.now()))
    told_to_the_end(trial, audience)


def deleted_thread(trial: Trial) -> None:
    """Its readers are told that it is gone."""
    audience = half_said(trial)
    run = audience.run
    trial.system.request("DELETE", f"/threads/{run['thread_id']}", None, "acme")
    invariants = Invariants(trial.system.local, late=LATE)
    trial.system.until(lambda: not invariants.left(run["thread_id"], [run["id"]]), moving=0.25)
    trial.system.advance(30)
    for told in audience.ends():
        assert run["id"] in error_of(told)


@pytest.mark.promise("19.10")
@pytest.mark.parametrize("scenario", [text_run, tool_run, talking_run, cancelled_run, expiring_run])
def test_the_executor(trial: Trial, scenario: Scenario, record_property: Record) -> None:
    """What had told nothing of its turn goes on; what had told something fails."""
    record_property(KILLED, ("executor", trial.everywhere("execute", scenario)))


@pytest.mark.promise("19.10")
@pytest.mark.parametrize("second", [CLAIMED, TOLD])
def test_settle(trial: Trial, second: tuple[int, bool], record_property: Record) -> None:
    """Both executors of a leg have died. Settle closes what was told, and dies itself."""
    dead = [ANNOUNCED, second]
    points = trial.everywhere("settle", text_run, execute=dead)
    points += trial.everywhere("settle", tool_run, execute=[(NEVER, False), *dead])
    record_property(KILLED, ("Settle", points))


@pytest.mark.promise("19.10")
@pytest.mark.parametrize("scenario", [text_run, tool_run])
def test_the_dispatcher(trial: Trial, scenario: Scenario, record_property: Record) -> None:
    """A stream that waits for it is told the run all the same."""
    record_property(KILLED, ("dispatcher", trial.everywhere("dispatcher", scenario)))


def test_the_cleaner(trial: Trial, record_property: Record) -> None:
    """Readers of a deleted thread end, and nothing of what they were told is left."""
    record_property(KILLED, ("cleaner", trial.everywhere("cleaner", deleted_thread)))
