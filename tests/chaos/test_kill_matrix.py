"""Whoever works on a run dies at each of its calls: the run ends all the same, and once."""

import pytest

from tests.chaos.invariants import Invariants
from tests.chaos.trial import ALOUD, LATE, NEVER, STALL, TALK, Record, Scenario, Trial
from tests.kill_points import KILLED


def text_run(trial: Trial) -> None:
    trial.ends(trial.new_run("text"), "completed", ["completed"], "Hello there")


def tool_run(trial: Trial) -> None:
    """Two rounds of calls, then the answer."""
    run = trial.new_run("tools")
    for _ in range(2):
        trial.waits(run)
        trial.submit(run)
    trial.ends(run, "completed", ["completed"] * 3, "Hello there")


def talking_run(trial: Trial) -> None:
    """Two rounds of calls, before which it says something. A turn whose executor dies between the
    two is done again, and says it again.
    """
    run = trial.new_run("tools", TALK)
    for _ in range(2):
        trial.waits(run)
        trial.submit(run)
    status, said = trial.over(run)
    assert (status, said[-1]) == ("completed", "Hello there")
    assert said[:-1] in ([ALOUD] * 2, [ALOUD] * 3)


def failing_text_run(trial: Trial) -> None:
    """Its executors die in the turn, so Settle has to end it."""
    trial.ends(trial.new_run("text"), "failed", ["failed"])


def failing_tool_run(trial: Trial) -> None:
    """The executors of its second leg die in the turn."""
    run = trial.new_run("tools")
    trial.waits(run)
    trial.submit(run)
    trial.ends(run, "failed", ["completed", "failed"])


def expiring_tool_run(trial: Trial) -> None:
    """It waits for outputs that never come, until Settle ends it."""
    run = trial.new_run("tools")
    trial.sleeps(run)
    trial.system.advance(600)
    trial.ends(run, "expired", ["expired"])


def cancelled_run(trial: Trial) -> None:
    """Its model stalls. What it had said is lost with the executor that heard it."""
    run = trial.new_run("text", STALL)
    trial.system.until(lambda: trial.system.steps(run), moving=0.25)
    trial.system.post(f"/threads/{run['thread_id']}/runs/{run['id']}/cancel")
    trial.ends(run, "cancelled", ["cancelled"])


def deleted_thread(trial: Trial) -> None:
    """Of two runs, one over, one waiting, nothing is left."""
    run = trial.new_run("text")
    trial.ends(run, "completed", ["completed"], "Hello there")
    waiting = trial.system.run(run["thread_id"], trial.assistants["tools"])
    trial.waits(waiting)
    trial.system.request("DELETE", f"/threads/{run['thread_id']}", None, "acme")
    invariants = Invariants(trial.system.local, late=LATE)
    ids = [run["id"], waiting["id"]]
    trial.system.until(lambda: invariants.left(run["thread_id"], ids) == 0, moving=0.25)


@pytest.mark.promise("10.10")
@pytest.mark.parametrize("scenario", [text_run, tool_run, talking_run, cancelled_run])
def test_the_executor(trial: Trial, scenario: Scenario, record_property: Record) -> None:
    """An executor that dies is replaced; the run ends as if nothing had been."""
    record_property(KILLED, ("executor", trial.everywhere("execute", scenario)))


@pytest.mark.promise("10.10")
def test_settle_after_a_crash(trial: Trial, record_property: Record) -> None:
    """Both executors of a leg have died. Settle fails the run, also when it dies itself."""
    first, second = (4, False), (5, False)  # the call that would end the leg's turn
    points = trial.everywhere("settle", failing_text_run, execute=[first] * 2)
    dooms = [(NEVER, False), *[second] * 2]
    points += trial.everywhere("settle", failing_tool_run, execute=dooms)
    record_property(KILLED, ("Settle", points))


@pytest.mark.promise("10.10")
def test_settle_at_the_deadline(trial: Trial, record_property: Record) -> None:
    """A run that waits in vain expires, also when Settle dies."""
    record_property(KILLED, ("Settle", trial.everywhere("settle", expiring_tool_run)))


@pytest.mark.promise("10.10")
@pytest.mark.parametrize("scenario", [text_run, tool_run])
def test_the_dispatcher(trial: Trial, scenario: Scenario, record_property: Record) -> None:
    """A record whose dispatcher has died is brought again; each leg is executed once."""
    record_property(KILLED, ("dispatcher", trial.everywhere("dispatcher", scenario)))


def test_the_cleaner(trial: Trial, record_property: Record) -> None:
    """A cleaner that comes again finds what is left."""
    record_property(KILLED, ("cleaner", trial.everywhere("cleaner", deleted_thread)))
