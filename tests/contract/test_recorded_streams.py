"""The streams that the original was recorded with, event by event and key by key.

The same requests, with a model that says and calls the same. Ids are named in the order they come,
times are counted from the beginning, pieces of a text are joined behind the first one. Where ours
differs from the recording on purpose, `OURS` says so; and empty `tool_resources` are always `{}`,
where the original had two ways to say that.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.scripted_provider import ScriptedProvider
from tests.system import System, running
from threadkeep.domain.runs import Usage
from threadkeep.providers.port import CallArguments, CallBegan, Chunk, Finished, Text

Frames = list[tuple[str, Any]]
Data = dict[str, Any]

_ID = re.compile(r"\b(asst|thread|run|step|msg)_[0-9A-Za-z]{24}\b")

# In a step: `expired_at` and `metadata`, which the specification has and the recordings lack.
OURS = ("expired_at", "metadata")

ANSWER = ["Hello", "!", " I'm", " just", " a", " program", "."]
ADVICE = ["Since", " it's", " warm", " and", " sunny", "."]
WEATHER = {"description": "Gets the user's current weather", "name": "get_current_weather"}
FULL_WEATHER = {
    "type": "function",
    "function": {
        "name": "get_current_weather",
        "description": "Gets the user's current weather",
        "parameters": {"type": "object", "properties": {}},
        "strict": False,
    },
}
CALL = {
    "id": "call_A",
    "type": "function",
    "function": {"name": "get_current_weather", "arguments": "{}"},
}


def usage(prompt: int, completion: int) -> Data:
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_token_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }


def run(status: str, **fields: Any) -> Data:
    """A run as recorded: 28 keys, in their order."""
    return {
        "id": "run_A",
        "object": "thread.run",
        "created_at": "T",
        "assistant_id": "asst_A",
        "thread_id": "thread_A",
        "status": status,
        "started_at": None if status == "queued" else "T",
        "expires_at": None if status == "completed" else "T+600",
        "cancelled_at": None,
        "failed_at": None,
        "completed_at": "T" if status == "completed" else None,
        "required_action": None,
        "last_error": None,
        "model": "gpt-4o",
        "instructions": None,
        "tools": [],
        "tool_resources": {},
        "metadata": {},
        "temperature": 1.0,
        "top_p": 1.0,
        "reasoning_effort": None,
        "max_completion_tokens": None,
        "max_prompt_tokens": None,
        "truncation_strategy": {"type": "auto", "last_messages": None},
        "incomplete_details": None,
        "usage": None,
        "response_format": "auto",
        "tool_choice": "auto",
        "parallel_tool_calls": True,
        **fields,
    }


def step(id_: str, details: Data, **fields: Any) -> Data:
    status = "completed" if fields else "in_progress"
    return {
        "id": id_,
        "object": "thread.run.step",
        "created_at": "T",
        "run_id": "run_A",
        "assistant_id": "asst_A",
        "thread_id": "thread_A",
        "type": details["type"],
        "status": status,
        "cancelled_at": None,
        "completed_at": "T" if fields else None,
        "expires_at": "T+600",
        "failed_at": None,
        "last_error": None,
        "step_details": details,
        "usage": None,
        **fields,
    }


def message(text: str = "") -> Data:
    part = {"type": "text", "text": {"value": text, "annotations": []}}
    return {
        "id": "msg_A",
        "object": "thread.message",
        "created_at": "T",
        "assistant_id": "asst_A",
        "thread_id": "thread_A",
        "run_id": "run_A",
        "status": "completed" if text else "in_progress",
        "incomplete_details": None,
        "incomplete_at": None,
        "completed_at": "T" if text else None,
        "role": "assistant",
        "content": [part] if text else [],
        "attachments": [],
        "metadata": {},
    }


def text_delta(text: Data) -> Data:
    part = {"index": 0, "type": "text", "text": text}
    return {"id": "msg_A", "object": "thread.message.delta", "delta": {"content": [part]}}


def call_delta(call: Data) -> Data:
    details = {"type": "tool_calls", "tool_calls": [call]}
    delta = {"step_details": details}
    return {"id": "step_A", "object": "thread.run.step.delta", "delta": delta}


def answer(id_: str, pieces: list[str], cost: Data) -> Frames:
    """The events of a turn that answers with text."""
    makes = {"type": "message_creation", "message_creation": {"message_id": "msg_A"}}
    return [
        ("thread.run.step.created", step(id_, makes)),
        ("thread.run.step.in_progress", step(id_, makes)),
        ("thread.message.created", message()),
        ("thread.message.in_progress", message()),
        ("thread.message.delta", text_delta({"value": pieces[0], "annotations": []})),
        ("thread.message.delta", text_delta({"value": "".join(pieces[1:])})),
        ("thread.message.completed", message("".join(pieces))),
        ("thread.run.step.completed", step(id_, makes, usage=cost)),
    ]


TEXT_RUN: Frames = [
    ("thread.run.created", run("queued")),
    ("thread.run.queued", run("queued")),
    ("thread.run.in_progress", run("in_progress")),
    *answer("step_A", ANSWER, usage(38, 23)),
    ("thread.run.completed", run("completed", usage=usage(38, 23))),
    ("done", "[DONE]"),
]

_TOOLS: Data = {"tools": [FULL_WEATHER]}
_NO_CALLS: Data = {"type": "tool_calls", "tool_calls": []}
_WAITS = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": [CALL]}}
_NEW_CALL = {
    "index": 0,
    "id": "call_A",
    "type": "function",
    "function": {"name": "get_current_weather", "arguments": "", "output": None},
}
_MADE: Data = {
    "type": "tool_calls",
    "tool_calls": [
        {
            "id": "call_A",
            "type": "function",
            "function": {
                "name": "get_current_weather",
                "arguments": "{}",
                "output": "warm and sunny",
            },
        }
    ],
}

TOOL_CALL: Frames = [
    (
        "thread.created",
        {
            "id": "thread_A",
            "object": "thread",
            "created_at": "T",
            "metadata": {},
            "tool_resources": {},
        },
    ),
    ("thread.run.created", run("queued", **_TOOLS)),
    ("thread.run.queued", run("queued", **_TOOLS)),
    ("thread.run.in_progress", run("in_progress", **_TOOLS)),
    ("thread.run.step.created", step("step_A", _NO_CALLS)),
    ("thread.run.step.in_progress", step("step_A", _NO_CALLS)),
    ("thread.run.step.delta", call_delta(_NEW_CALL)),
    (
        "thread.run.step.delta",
        call_delta({"index": 0, "type": "function", "function": {"arguments": "{}"}}),
    ),
    (
        "thread.run.requires_action",
        run("requires_action", required_action=_WAITS, **_TOOLS),
    ),
    ("done", "[DONE]"),
]

OUTPUTS: Frames = [
    ("thread.run.step.completed", step("step_A", _MADE, usage=usage(260, 12))),
    ("thread.run.queued", run("queued", started_at="T", **_TOOLS)),
    ("thread.run.in_progress", run("in_progress", **_TOOLS)),
    *answer("step_B", ADVICE, usage(284, 42)),
    ("thread.run.completed", run("completed", usage=usage(544, 54), **_TOOLS)),
    ("done", "[DONE]"),
]


def says(pieces: list[str], prompt: int, completion: int) -> list[Chunk]:
    cost = Usage(prompt_tokens=prompt, completion_tokens=completion)
    return [*map(Text, pieces), Finished("stop", cost)]


def normalised(frames: Frames, began: int) -> Frames:
    """The frames with ids and times as the vectors have them, pieces of a text joined."""
    named: dict[str, str] = {}
    counts: defaultdict[str, Iterator[str]] = defaultdict(lambda: iter("ABCDEFGH"))

    def name(found: re.Match[str]) -> str:
        if found[0] not in named:
            named[found[0]] = f"{found[1]}_{next(counts[found[1]])}"
        return named[found[0]]

    text = _ID.sub(name, json.dumps(frames))
    return _joined([(event, _timed(data, began)) for event, data in json.loads(text)])


def _timed(value: Any, began: int) -> Any:
    if isinstance(value, list):
        return [_timed(each, began) for each in value]
    if not isinstance(value, dict):
        return value
    kept = {k: v for k, v in value.items() if k not in OURS or value["object"] != STEP}
    return {
        key: f"T+{each - began}".removesuffix("+0")
        if key.endswith("_at") and each is not None
        else _timed(each, began)
        for key, each in kept.items()
    }


STEP = "thread.run.step"


def _joined(frames: Frames) -> Frames:
    joined: Frames = []
    for event, data in frames:
        both = joined and joined[-1][0] == event == "thread.message.delta"
        if both and "annotations" not in _part(joined[-1][1]):
            _part(joined[-1][1])["value"] += _part(data)["value"]
        else:
            joined.append((event, data))
    return joined


def _part(data: Data) -> Data:
    part: Data = data["delta"]["content"][0]["text"]
    return part


def same(frames: Frames, recorded: Frames) -> None:
    """Events, keys and their order, values."""
    assert [event for event, _ in frames] == [event for event, _ in recorded]
    for (event, data), (_, expected) in zip(frames, recorded, strict=True):
        assert data == expected, event
        assert json.dumps(data) == json.dumps(expected), f"the keys' order in {event}"


def began(system: System) -> int:
    return int(system.clock.now())


@pytest.mark.promise("19.3")
def test_a_text_run(tmp_path: Path) -> None:
    """An assistant without anything, one message, a streamed run."""
    with running(tmp_path, provider=ScriptedProvider(says(ANSWER, 38, 23))) as system:
        assistant = system.post("/assistants", {"model": "gpt-4o"})
        question = {"role": "user", "content": "Hello there, assistant! How are you today?"}
        thread = system.post("/threads", {"messages": [question]})
        content = "step_details.tool_calls[*].file_search.results[*].content"
        frames = system.stream(
            f"/threads/{thread['id']}/runs?include[]={content}",
            {"assistant_id": assistant["id"], "additional_messages": [], "stream": True},
        )
        same(normalised(list(frames), began(system)), TEXT_RUN)


@pytest.mark.promise("19.3", "19.6")
def test_a_tool_call_and_its_outputs(tmp_path: Path) -> None:
    """A thread and run in one request; then the outputs. Both halves are one run's."""
    with running(tmp_path) as system:
        cost = Usage(prompt_tokens=260, completion_tokens=12)
        system.provider.script = [
            CallBegan(0, "call_A", "get_current_weather"),
            CallArguments(0, "{}"),
            Finished("stop", cost),
        ]
        tools = [{"type": "function", "function": WEATHER}]
        assistant = system.post("/assistants", {"model": "gpt-4o", "tools": tools})
        question = {"role": "user", "content": "What should I wear outside right now?"}
        first = list(
            system.stream(
                "/threads/runs",
                {
                    "assistant_id": assistant["id"],
                    "thread": {"messages": [question]},
                    "stream": True,
                },
            )
        )
        waiting = dict(first)["thread.run.requires_action"]
        system.provider.script = says(ADVICE, 284, 42)
        outputs = [{"tool_call_id": "call_A", "output": "warm and sunny"}]
        second = system.stream(
            f"/threads/{waiting['thread_id']}/runs/{waiting['id']}/submit_tool_outputs",
            {"tool_outputs": outputs, "stream": True},
        )
        frames = normalised([*first, *second], began(system))
        same(frames, [*TOOL_CALL, *OUTPUTS])


def test_each_difference_is_seen() -> None:
    """A missing event, a further key, another order of keys: the comparison fails."""
    created = TEXT_RUN[0][1]
    backwards = dict(reversed(created.items()))
    for changed in (
        TEXT_RUN[1:],
        [("thread.run.created", {**created, "new": 1}), *TEXT_RUN[1:]],
        [("thread.run.created", backwards), *TEXT_RUN[1:]],
    ):
        with pytest.raises(AssertionError):
            same(changed, TEXT_RUN)
