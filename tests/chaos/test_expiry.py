"""A run whose model never answers expires: for readers to the second, durably soon after."""

from functools import partial
from pathlib import Path

import pytest

from tests.chaos.races import BEGIN, END, Racer
from tests.faults import EverybodyDies
from tests.scripted_provider import Script, ScriptedProvider, Stall, says
from tests.system import Refused, System, running
from threadkeep.domain.references import ThreadRef
from threadkeep.providers.port import Text

HALF_AN_ANSWER: Script = [Text("So far"), Stall()]


def test_expired_at_the_second(tmp_path: Path) -> None:
    """Readers see the run in progress until its deadline, and expired from then on."""
    provider = ScriptedProvider([Stall()])
    with running(tmp_path, provider=provider) as system:
        run = system.new_run()
        system.until(lambda: system.stored(run) == "in_progress")
        system.advance(run["expires_at"] - system.clock.now() - 1)
        assert system.seen(run)["status"] == "in_progress"
        system.advance(1)
        assert system.seen(run)["status"] == "expired"
        assert system.ended(run)["status"] == "expired"


def test_the_thread_takes_messages_again(tmp_path: Path) -> None:
    """From the deadline on, even before anybody has written the expiry."""
    with running(tmp_path, provider=ScriptedProvider([Stall()])) as system:
        run = system.new_run()
        path = f"/threads/{run['thread_id']}/messages"
        with pytest.raises(Refused) as refused:
            system.post(path, {"role": "user", "content": "Too early"})
        text = f"Can't add messages to {run['thread_id']} while a run {run['id']} is active."
        assert refused.value.error["message"] == text
        system.advance(600)
        system.post(path, {"role": "user", "content": "Now"})


@pytest.mark.promise("10.6")
def test_what_was_said_is_kept(tmp_path: Path) -> None:
    """The begun message is incomplete, its text kept; the step is expired."""
    with running(tmp_path, provider=ScriptedProvider(HALF_AN_ANSWER)) as system:
        run = system.new_run()
        system.until(lambda: system.steps(run))
        system.advance(600)
        run = system.ended(run)
        assert run["status"] == "expired"
        answer = system.messages(run)[-1]
        assert answer["status"] == "incomplete"
        assert answer["incomplete_details"] == {"reason": "run_expired"}
        assert answer["content"][0]["text"]["value"] == "So far"
        assert [step["status"] for step in system.steps(run)] == ["expired"]


@pytest.mark.promise("10.1", "10.10")
@pytest.mark.parametrize(("at", "cancelling"), [(BEGIN, False), (END, True)])
def test_what_readers_were_told_at_the_deadline_stays(
    tmp_path: Path, at: int, *, cancelling: bool
) -> None:
    """The model has ended in time, but its turn is written after the deadline: the run was over
    before, so neither its end nor its cost changes any more.
    """
    system = System(tmp_path, provider=ScriptedProvider(says()))
    run = system.new_run("Hi")
    reference = {"project_id": "acme", "thread_id": run["thread_id"], "run_id": run["id"]}
    event = {"action": "execute", "run": {**reference, "leg": 1}}
    executor = Racer(partial(system.local.invoke, "executor", event), at)
    system.local.transport.interceptors.append(executor)
    executor.start()
    if cancelling:
        system.post(f"/threads/{run['thread_id']}/runs/{run['id']}/cancel")
    system.advance(600)
    told = system.seen(run)
    assert told["status"] == ("cancelled" if cancelling else "expired")
    executor.go()
    executor.join()
    assert system.stored(run) == told["status"]
    assert system.seen(run) == told
    assert [step["usage"] for step in system.steps(run)] == [told["usage"]]
    assert system.messages(run)[-1]["status"] == "incomplete"
    system.local.stop()


@pytest.mark.promise("10.1", "10.6")
@pytest.mark.parametrize("cancelling", [False, True])
def test_message_and_step_follow_their_run(tmp_path: Path, *, cancelling: bool) -> None:
    """For readers they are over with it, although nobody has written anything yet."""
    with running(tmp_path, provider=ScriptedProvider(HALF_AN_ANSWER)) as system:
        run = system.new_run()
        system.until(lambda: system.steps(run))
        path = f"/threads/{run['thread_id']}/messages/{system.messages(run)[-1]['id']}"
        assert system.get(path)["status"] == "in_progress"
        system.local.transport.interceptors.append(EverybodyDies())
        if cancelling:
            system.post(f"/threads/{run['thread_id']}/runs/{run['id']}/cancel")
        system.advance(600)
        status = "cancelled" if cancelling else "expired"
        over = {"status": "incomplete", "incomplete_details": {"reason": f"run_{status}"}}
        for message in (system.get(path), system.messages(run)[-1]):
            assert {name: message[name] for name in over} == over
            assert message["incomplete_at"] == run["expires_at"]
        assert [step["status"] for step in system.steps(run)] == [status]


def test_a_late_settle_leaves_the_next_run_alone(tmp_path: Path) -> None:
    """The expiry of one run is written while a second one holds the thread: its lock stays."""
    with running(tmp_path, provider=ScriptedProvider([Stall()])) as system:
        first = system.new_run()
        system.until(lambda: system.stored(first) == "in_progress")
        system.advance(600)
        second = system.run(first["thread_id"], first["assistant_id"])
        system.ended(first)
        thread = system.local.services.store.threads.get(ThreadRef("acme", first["thread_id"]))
        assert thread.active_run_id == second["id"]


def test_stalled_runs_delay_nobody(tmp_path: Path) -> None:
    """100 runs whose model never answers delay neither the 101st nor their own expiry."""
    provider = ScriptedProvider([Stall()])
    with running(tmp_path, provider=provider) as system:
        assistant_id = system.assistant()["id"]
        stalled = [system.run(system.thread("Hi")["id"], assistant_id) for _ in range(100)]
        system.until(lambda: len(provider.requests) == 100)
        provider.script = says("Hello")
        assert system.ended(system.new_run())["status"] == "completed"
        system.advance(600)
        assert {system.ended(run)["status"] for run in stalled} == {"expired"}
