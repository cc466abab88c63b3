"""Streamed runs: the recorded orders, live and again, whoever reads."""

from pathlib import Path
from typing import Any

import pytest

from tests.scripted_provider import ONE, WEATHER, ScriptedProvider, Stall, calls, says
from tests.system import Refused, System, running
from threadkeep.providers.port import Failed, Text

TEXT_RUN = [
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

Frames = list[tuple[str, Any]]


def names(frames: Frames) -> list[str]:
    """The order of the events, deltas in a row as one."""
    all_ = [name for name, _ in frames]
    return [n for i, n in enumerate(all_) if not (n.endswith(".delta") and all_[i - 1] == n)]


def streamed(system: System, **fields: Any) -> Frames:
    """All frames of a new streamed run on a new thread."""
    thread_id, assistant_id = system.thread("Hi")["id"], system.assistant()["id"]
    body = {"assistant_id": assistant_id, "stream": True, **fields}
    return list(system.stream(f"/threads/{thread_id}/runs", body))


def said(frames: Frames) -> str:
    deltas = [data for name, data in frames if name == "thread.message.delta"]
    return "".join(d["delta"]["content"][0]["text"]["value"] for d in deltas)


def test_a_text_run(tmp_path: Path) -> None:
    """The recorded order; the last objects are what REST returns."""
    provider = ScriptedProvider(says("Hel", "lo ", "there"))
    with running(tmp_path, provider=provider) as system:
        frames = streamed(system)
        assert names(frames) == TEXT_RUN
        assert said(frames) == "Hello there"
        by_name = dict(frames)
        run = by_name["thread.run.completed"]
        assert run == system.seen(run)
        assert by_name["thread.message.completed"] == system.messages(run)[-1]
        step = {**by_name["thread.run.step.completed"], "expires_at": None}
        assert step == system.steps(run)[0]
        first = next(data for name, data in frames if name == "thread.message.delta")
        text = {"value": "Hel", "annotations": []}
        assert first["delta"] == {"content": [{"index": 0, "type": "text", "text": text}]}


def test_a_thread_and_run(tmp_path: Path) -> None:
    """`thread.created` comes first."""
    with running(tmp_path) as system:
        body = {"assistant_id": system.assistant()["id"], "instructions": "Hi", "stream": True}
        frames = list(system.stream("/threads/runs", body))
        assert names(frames) == ["thread.created", *TEXT_RUN]


def test_a_tool_round_trip(tmp_path: Path) -> None:
    """The first stream ends with requires_action, the second begins with the step's end."""
    with running(tmp_path) as system:
        system.provider.script = calls(ONE)
        frames = streamed(system, tools=[WEATHER])
        assert names(frames) == [
            *TEXT_RUN[:5],
            "thread.run.step.delta",
            "thread.run.requires_action",
            "done",
        ]
        run = dict(frames)["thread.run.requires_action"]
        assert run == system.seen(run)
        system.provider.script = says("Sunny")
        path = f"/threads/{run['thread_id']}/runs/{run['id']}"
        outputs = {"tool_outputs": [{"tool_call_id": "call_1", "output": "x"}], "stream": True}
        second = list(system.stream(f"{path}/submit_tool_outputs", outputs))
        assert names(second) == ["thread.run.step.completed", *TEXT_RUN[1:]]
        deltas = [d for name, d in frames if name == "thread.run.step.delta"]
        pieces = [d["delta"]["step_details"]["tool_calls"][0] for d in deltas]
        assert pieces[0] == {
            "index": 0,
            "id": "call_1",
            "type": "function",
            "function": {"name": "get_weather", "arguments": "", "output": None},
        }
        assert all(set(piece) == {"index", "type", "function"} for piece in pieces[1:])
        assert "".join(p["function"]["arguments"] for p in pieces) == ONE[2]


@pytest.mark.promise("19.8")
def test_joined_late_and_resumed(tmp_path: Path) -> None:
    """GET replays the same frames from the start, or from Last-Event-ID on."""
    with running(tmp_path) as system:
        frames = streamed(system)
        run = dict(frames)["thread.run.completed"]
        path = f"/threads/{run['thread_id']}/runs/{run['id']}/stream"
        assert list(system.stream(path)) == frames
        assert list(system.stream(path, **{"Last-Event-ID": "3"})) == frames[3:]
        with pytest.raises(Refused) as refused:
            list(system.stream(path, **{"Last-Event-ID": "x"}))
        assert refused.value.status == 400


@pytest.mark.promise("19.8")
def test_a_stream_is_kept_for_a_day(tmp_path: Path) -> None:
    """To the second, by the clock, whether or not its rows are still there."""
    with running(tmp_path) as system:
        frames = streamed(system)
        run = dict(frames)["thread.run.completed"]
        path = f"/threads/{run['thread_id']}/runs/{run['id']}/stream"
        system.advance(run["created_at"] + 24 * 3600 - system.clock.now() - 1)
        assert list(system.stream(path)) == frames
        system.advance(1)
        with pytest.raises(Refused) as refused:
            list(system.stream(path))
        assert refused.value.status == 400


def test_a_run_that_was_never_streamed(tmp_path: Path) -> None:
    """Its stream is a clear 400."""
    with running(tmp_path) as system:
        run = system.ended(system.new_run())
        with pytest.raises(Refused) as refused:
            list(system.stream(f"/threads/{run['thread_id']}/runs/{run['id']}/stream"))
        assert refused.value.status == 400


@pytest.mark.promise("19.7")
def test_continued_with_a_stream(tmp_path: Path) -> None:
    """A run created without a stream is continued with one."""
    with running(tmp_path) as system:
        system.provider.script = calls(ONE)
        run = system.new_run("Hi", tools=[WEATHER])
        system.until(lambda: system.stored(run) == "requires_action")
        system.provider.script = says("Sunny")
        path = f"/threads/{run['thread_id']}/runs/{run['id']}/submit_tool_outputs"
        outputs = {"tool_outputs": [{"tool_call_id": "call_1", "output": "x"}], "stream": True}
        frames = list(system.stream(path, outputs))
        assert names(frames) == ["thread.run.step.completed", *TEXT_RUN[1:]]


@pytest.mark.promise("19.2")
def test_errors_before_the_first_byte_are_plain(tmp_path: Path) -> None:
    """A stream that can't begin is an ordinary error."""
    with running(tmp_path) as system:
        body = {"assistant_id": "asst_nobody", "stream": True}
        with pytest.raises(Refused) as refused:
            list(system.stream(f"/threads/{system.thread('Hi')['id']}/runs", body))
        assert refused.value.status == 404


def test_a_failed_run(tmp_path: Path) -> None:
    """What was said is kept; message, step and run end in the order of the traces."""
    trouble = Failed("server_error", "Broken")
    with running(tmp_path, provider=ScriptedProvider([Text("So far"), trouble])) as system:
        frames = streamed(system)
        assert names(frames)[-4:] == [
            "thread.message.incomplete",
            "thread.run.step.failed",
            "thread.run.failed",
            "done",
        ]
        assert dict(frames)["thread.run.failed"]["last_error"]["message"] == "Broken"


def test_a_cancelled_run(tmp_path: Path) -> None:
    """cancelling, the incomplete message, the step, the run."""
    with running(tmp_path, provider=ScriptedProvider([Text("So far"), Stall()])) as system:
        thread_id, assistant_id = system.thread("Hi")["id"], system.assistant()["id"]
        body = {"assistant_id": assistant_id, "stream": True}
        stream = system.stream(f"/threads/{thread_id}/runs", body)
        frames: Frames = []
        for frame in stream:
            frames.append(frame)
            if frame[0] == "thread.message.delta":
                run = frames[0][1]
                system.post(f"/threads/{thread_id}/runs/{run['id']}/cancel")
                system.until(lambda r=run: system.stored(r) == "cancelled", moving=0.25)  # type: ignore[misc]
        assert names(frames)[-5:] == [
            "thread.run.cancelling",
            "thread.message.incomplete",
            "thread.run.step.cancelled",
            "thread.run.cancelled",
            "done",
        ]
        assert dict(frames)["thread.message.incomplete"]["content"][0]["text"]["value"] == "So far"
