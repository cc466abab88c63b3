"""Content that does not fit into an item is whole at every endpoint that shows it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.objects import long_text
from tests.scripted_provider import WEATHER, ScriptedProvider, calls, says
from tests.system import System, running

LARGE = long_text(3)
CALL = ("call_1", "get_weather", LARGE[:200_000])


@pytest.fixture
def system(tmp_path: Path) -> Iterator[System]:
    with running(tmp_path) as system:
        yield system


def text_of(message: dict[str, Any]) -> str:
    return str(message["content"][0]["text"]["value"])


def test_a_message(system: System) -> None:
    """Added, retrieved, changed and brought along by a run."""
    thread = system.thread("Hi")
    path = f"/threads/{thread['id']}/messages"
    large = {"role": "user", "content": LARGE}
    made = system.post(path, large)
    for shown in (
        made,
        system.get(f"{path}/{made['id']}"),
        system.post(f"{path}/{made['id']}", {"metadata": {"k": "v"}}),
    ):
        assert text_of(shown) == LARGE
    run = system.run(thread["id"], system.assistant()["id"], additional_messages=[large])
    system.ended(run)
    assert [text_of(m) for m in system.messages(run)] == ["Hi", LARGE, LARGE, "Hello there"]


def test_calls_that_wait(tmp_path: Path) -> None:
    """In the run, listed, retrieved, changed and cancelled, and on its step."""
    with running(tmp_path, provider=ScriptedProvider(calls(CALL))) as system:
        run = system.new_run("Weather?", tools=[WEATHER])
        system.until(lambda: system.stored(run) == "requires_action")
        path = f"/threads/{run['thread_id']}/runs"
        for shown in (
            system.get(path)["data"][0],
            system.seen(run),
            system.post(f"{path}/{run['id']}", {"metadata": {"k": "v"}}),
        ):
            called = shown["required_action"]["submit_tool_outputs"]["tool_calls"]
            assert [call["function"]["arguments"] for call in called] == [CALL[2]]
        (step,) = system.steps(run)
        system.post(f"{path}/{run['id']}/cancel")
        seen = system.get(f"{path}/{run['id']}/steps/{step['id']}")
        assert seen["status"] == "cancelled"
        assert seen["step_details"] == step["step_details"]


def test_an_answer_after_outputs(tmp_path: Path) -> None:
    """Streamed by the request that submits them."""
    with running(tmp_path, provider=ScriptedProvider(calls(("call_1", "f", "{}")))) as system:
        run = system.new_run("Weather?", tools=[WEATHER])
        system.until(lambda: system.stored(run) == "requires_action")
        system.provider.script = says(LARGE)
        outputs = {"tool_outputs": [{"tool_call_id": "call_1", "output": "x"}], "stream": True}
        path = f"/threads/{run['thread_id']}/runs/{run['id']}/submit_tool_outputs"
        completed = [d for name, d in system.stream(path, outputs) if name.endswith("completed")]
        assert LARGE in [text_of(each) for each in completed if "content" in each]
