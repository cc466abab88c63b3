"""Streamed runs, on emulator and moto."""

from typing import Any

from tests.journeys.conftest import Start
from tests.scripted_provider import ONE, WEATHER, ScriptedProvider, calls, says
from tests.system import System


def body(system: System, **fields: Any) -> dict[str, Any]:
    return {"assistant_id": system.assistant()["id"], "stream": True, **fields}


def names(frames: list[tuple[str, Any]]) -> list[str]:
    return [name for name, _ in frames]


def said(frames: list[tuple[str, Any]]) -> str:
    deltas = [data for name, data in frames if name == "thread.message.delta"]
    return "".join(part["text"]["value"] for d in deltas for part in d["delta"]["content"])


def test_a_streamed_run(system: System) -> None:
    """Every event once, in the original's order, and the text that is stored."""
    thread = system.thread("Hi")
    frames = list(system.stream(f"/threads/{thread['id']}/runs", body(system)))
    kinds = list(dict.fromkeys(names(frames)))
    assert kinds == [
        "thread.run.created",
        "thread.run.queued",
        "thread.run.in_progress",
        "thread.run.step.created",
        "thread.run.step.in_progress",
        "thread.message.created",
        "thread.message.in_progress",
        "thread.message.delta",
        "thread.message.completed",
        "thread.run.step.completed",
        "thread.run.completed",
        "done",
    ]
    assert said(frames) == "Hello there"


def test_a_stream_is_resumed(system: System) -> None:
    """After any event the rest is told, the same as the first time."""
    thread = system.thread("Hi")
    frames = list(system.stream(f"/threads/{thread['id']}/runs", body(system)))
    path = f"/threads/{thread['id']}/runs/{frames[0][1]['id']}/stream"
    for after in (0, 3, len(frames) - 2):
        resumed = list(system.stream(path, **{"last-event-id": str(after)}))
        assert names(resumed) == names(frames)[after:]


def test_a_streamed_round_of_calls(start: Start) -> None:
    """The stream stops at the wait; the outputs' own stream goes on to the end."""
    system = start(provider=ScriptedProvider(calls(ONE)))
    thread = system.thread("Weather?")
    path = f"/threads/{thread['id']}/runs"
    first = list(system.stream(path, body(system, tools=[WEATHER])))
    assert names(first)[-2:] == ["thread.run.requires_action", "done"]
    run = first[-2][1]
    system.provider.script = says("Sunny.")
    outputs = {"tool_outputs": [{"tool_call_id": "call_1", "output": "sun"}], "stream": True}
    second = list(system.stream(f"{path}/{run['id']}/submit_tool_outputs", outputs))
    assert names(second)[0] == "thread.run.step.completed"
    assert names(second)[-2:] == ["thread.run.completed", "done"]
    assert said(second) == "Sunny."
