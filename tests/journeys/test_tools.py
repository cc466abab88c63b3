"""Runs that wait for an app, are cancelled or run out, on emulator and moto."""

from typing import Any

import pytest

from tests.journeys.conftest import Start
from tests.scripted_provider import ONE, TWO, WEATHER, ScriptedProvider, Stall, calls, says
from tests.system import Refused, System
from threadkeep.providers.port import Text


def waiting(system: System, **fields: Any) -> dict[str, Any]:
    """A run once it waits for outputs."""
    run = system.new_run("Weather?", tools=[WEATHER], **fields)
    system.until(lambda: system.stored(run) == "requires_action")
    return system.seen(run)


def submit(system: System, run: dict[str, Any], **outputs: str) -> dict[str, Any]:
    given = [{"tool_call_id": id_, "output": output} for id_, output in outputs.items()]
    path = f"/threads/{run['thread_id']}/runs/{run['id']}/submit_tool_outputs"
    return system.post(path, {"tool_outputs": given})


def cancel(system: System, run: dict[str, Any]) -> dict[str, Any]:
    return system.post(f"/threads/{run['thread_id']}/runs/{run['id']}/cancel")


def asked(run: dict[str, Any]) -> list[str]:
    return [call["id"] for call in run["required_action"]["submit_tool_outputs"]["tool_calls"]]


def test_two_rounds_of_calls(start: Start) -> None:
    """The run waits twice, each time for the calls of that turn, and then answers."""
    system = start(provider=ScriptedProvider(calls(ONE)))
    run = waiting(system)
    assert asked(run) == ["call_1"]
    system.provider.script = calls(TWO)
    assert submit(system, run, call_1="sun")["status"] == "queued"
    system.until(lambda: system.stored(run) == "requires_action")
    again = system.seen(run)
    assert asked(again) == ["call_2"]
    system.provider.script = says("Sunny.")
    submit(system, again, call_2="noon")
    assert system.ended(run)["status"] == "completed"
    steps = system.steps(run)
    outputs = [s["step_details"]["tool_calls"][0]["function"]["output"] for s in steps[:2]]
    assert outputs == ["sun", "noon"]
    assert steps[2]["type"] == "message_creation"


def test_several_calls_at_once(start: Start) -> None:
    """Each needs its output; what is missing or foreign is refused and changes nothing."""
    system = start(provider=ScriptedProvider(calls(ONE, TWO, before="Let me see.")))
    run = waiting(system)
    with pytest.raises(Refused, match="Expected tool outputs"):
        submit(system, run, call_1="sun")
    system.provider.script = says("Sunny.")
    submit(system, run, call_1="sun", call_2="noon")
    assert system.ended(run)["status"] == "completed"
    said = [m["content"][0]["text"]["value"] for m in system.messages(run)]
    assert said == ["Weather?", "Let me see.", "Sunny."]


def test_a_queued_run_is_cancelled(start: Start) -> None:
    """It never asks its model, if its executor has not claimed it; over it is in any case."""
    system = start(provider=ScriptedProvider([Text("So far"), Stall()]))
    run = system.new_run("Hi")
    assert cancel(system, run)["status"] == "cancelling"
    assert system.ended(run)["status"] == "cancelled"


def test_a_running_run_is_cancelled(start: Start) -> None:
    """Its executor stops the model and keeps what was said."""
    system = start(provider=ScriptedProvider([Text("So far"), Stall()]))
    run = system.new_run("Hi")
    system.until(lambda: len(system.messages(run)) > 1)
    cancel(system, run)
    assert system.ended(run)["status"] == "cancelled"
    answer = system.messages(run)[-1]
    assert (answer["status"], answer["content"][0]["text"]["value"]) == ("incomplete", "So far")


def test_a_waiting_run_is_cancelled(start: Start) -> None:
    """At once, with its step; outputs that come afterwards are refused."""
    system = start(provider=ScriptedProvider(calls(ONE)))
    run = waiting(system)
    cancel(system, run)
    assert system.stored(run) == "cancelled"
    assert system.steps(run)[0]["status"] == "cancelled"
    with pytest.raises(Refused, match="do not accept tool outputs"):
        submit(system, run, call_1="late")


def test_a_run_that_nobody_answers_expires(start: Start) -> None:
    """The state machine waits until the deadline, and Settle writes the end."""
    system = start(provider=ScriptedProvider(calls(ONE)), run_seconds=6)
    run = waiting(system)
    ended = system.ended(run)
    assert (ended["status"], system.steps(run)[0]["status"]) == ("expired", "expired")
    assert system.run(run["thread_id"], run["assistant_id"])["status"] == "queued"


def test_a_model_that_never_ends_expires(start: Start) -> None:
    """At the run's deadline, with what it had said."""
    system = start(provider=ScriptedProvider([Text("So far"), Stall()]), run_seconds=6)
    run = system.new_run("Hi")
    assert system.ended(run)["status"] == "expired"
    assert system.messages(run)[-1]["incomplete_details"] == {"reason": "run_expired"}


def test_outputs_that_come_in_time_outlive_the_wait(start: Start) -> None:
    """The execution that waits for the old leg's deadline ends nothing of the new one."""
    system = start(provider=ScriptedProvider(calls(ONE)), run_seconds=600)
    run = waiting(system)
    system.provider.script = says("Sunny.")
    submit(system, run, call_1="sun")
    assert system.ended(run)["status"] == "completed"
