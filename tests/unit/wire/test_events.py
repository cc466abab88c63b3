"""Frames to the byte, as the original framed them."""

import json
from typing import Any

import pytest

from threadkeep.domain.events import (
    CallDelta,
    Event,
    TextDelta,
    delta,
    message_event,
    run_event,
    step_event,
)
from threadkeep.domain.objects import Message, Thread
from threadkeep.domain.runs import LastError, Run, RunStep, Usage
from threadkeep.wire import events

T = 1_761_861_742
RUN = Run(
    id="run_A",
    thread_id="thread_A",
    assistant_id="asst_A",
    created_at=T,
    expires_at=T + 600,
    status="queued",
    model="gpt-4o",
)
STEP = RunStep(
    id="step_A",
    run_id="run_A",
    thread_id="thread_A",
    assistant_id="asst_A",
    created_at=T + 1,
    expires_at=T + 600,
    type="message_creation",
    message_id="msg_A",
)
MESSAGE = Message(
    id="msg_A",
    thread_id="thread_A",
    created_at=T + 1,
    role="assistant",
    content=(),
    status="in_progress",
    assistant_id="asst_A",
    run_id="run_A",
)
COST = Usage(prompt_tokens=38, completion_tokens=23)


def framed(event: Event, number: int | None = None) -> str:
    return events.frame(event, T + 600, number).decode()


def data(event: Event) -> Any:
    return json.loads(framed(event).split("data: ")[1])


@pytest.mark.promise("19.3")
@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (
            Event("thread.created", Thread(id="thread_A", created_at=T, metadata={"k": "v"})),
            (
                'event: thread.created\ndata: {"id":"thread_A","object":"thread",'
                '"created_at":1761861742,"metadata":{"k":"v"},"tool_resources":{}}\n\n'
            ),
        ),
        (
            run_event(RUN),
            (
                'event: thread.run.queued\ndata: {"id":"run_A","object":"thread.run",'
                '"created_at":1761861742,"assistant_id":"asst_A","thread_id":"thread_A",'
                '"status":"queued","started_at":null,"expires_at":1761862342,"cancelled_at":null,'
                '"failed_at":null,"completed_at":null,"required_action":null,"last_error":null,'
                '"model":"gpt-4o","instructions":null,"tools":[],"tool_resources":{},"metadata":{},'
                '"temperature":1.0,"top_p":1.0,"reasoning_effort":null,"max_completion_tokens":null,'
                '"max_prompt_tokens":null,"truncation_strategy":{"type":"auto","last_messages":null},'
                '"incomplete_details":null,"usage":null,"response_format":"auto","tool_choice":"auto",'
                '"parallel_tool_calls":true}\n\n'
            ),
        ),
        (
            Event("thread.run.step.created", STEP),
            (
                'event: thread.run.step.created\ndata: {"id":"step_A","object":"thread.run.step",'
                '"created_at":1761861743,"run_id":"run_A","assistant_id":"asst_A",'
                '"thread_id":"thread_A","type":"message_creation","status":"in_progress",'
                '"cancelled_at":null,"completed_at":null,"expires_at":1761862342,"expired_at":null,'
                '"failed_at":null,"last_error":null,"step_details":{"type":"message_creation",'
                '"message_creation":{"message_id":"msg_A"}},"usage":null,"metadata":{}}\n\n'
            ),
        ),
        (
            message_event(MESSAGE),
            (
                'event: thread.message.in_progress\ndata: {"id":"msg_A","object":"thread.message",'
                '"created_at":1761861743,"assistant_id":"asst_A","thread_id":"thread_A",'
                '"run_id":"run_A","status":"in_progress","incomplete_details":null,'
                '"incomplete_at":null,"completed_at":null,"role":"assistant","content":[],'
                '"attachments":[],"metadata":{}}\n\n'
            ),
        ),
        (
            delta(TextDelta("msg_A", "Hello", first=True)),
            (
                'event: thread.message.delta\ndata: {"id":"msg_A","object":"thread.message.delta",'
                '"delta":{"content":[{"index":0,"type":"text","text":{"value":"Hello",'
                '"annotations":[]}}]}}\n\n'
            ),
        ),
        (
            delta(TextDelta("msg_A", "!")),
            (
                'event: thread.message.delta\ndata: {"id":"msg_A","object":"thread.message.delta",'
                '"delta":{"content":[{"index":0,"type":"text","text":{"value":"!"}}]}}\n\n'
            ),
        ),
        (
            delta(CallDelta("step_A", 1, "call_A", "get_weather")),
            (
                'event: thread.run.step.delta\ndata: {"id":"step_A",'
                '"object":"thread.run.step.delta","delta":{"step_details":{"type":"tool_calls","tool_calls":[{"index":1,"id":"call_A",'
                '"type":"function","function":{"name":"get_weather","arguments":"","output":null}}]'
                "}}}\n\n"
            ),
        ),
        (
            delta(CallDelta("step_A", 1, arguments='{"ci')),
            (
                'event: thread.run.step.delta\ndata: {"id":"step_A",'
                '"object":"thread.run.step.delta","delta":{"step_details":{"type":"tool_calls","tool_calls":[{"index":1,'
                '"type":"function","function":{"arguments":"{\\"ci"}}]}}}\n\n'
            ),
        ),
    ],
)
def test_golden_frames(event: Event, expected: str) -> None:
    """One `event:` line, one `data:` line of compact JSON with the recorded keys in their order."""
    assert framed(event) == expected


def test_the_last_frame() -> None:
    """Its data is no JSON."""
    assert events.DONE == b"event: done\ndata: [DONE]\n\n"


def test_a_ping_is_a_comment() -> None:
    """Both SDKs skip it."""
    assert events.PING == b": ping\n\n"


@pytest.mark.promise("19.9")
def test_an_error_has_both_shapes() -> None:
    """The one of the specification, and the one that every SDK raises on."""
    assert events.error('The "run" broke').decode() == (
        'event: error\ndata: {"error":{"message":"The \\"run\\" broke","type":"server_error",'
        '"param":null,"code":null},"message":"The \\"run\\" broke","type":"server_error",'
        '"param":null,"code":null}\n\n'
    )


def test_ids_only_when_asked_for() -> None:
    """The recorded streams have no `id:` line; in one that can be resumed it comes first."""
    assert not framed(run_event(RUN)).startswith("id:")
    assert framed(run_event(RUN), 0).startswith("id: 0\nevent: thread.run.queued\n")
    numbered = framed(run_event(RUN), 17)
    assert numbered == "id: 17\n" + framed(run_event(RUN))


@pytest.mark.parametrize("letter", [chr(n) for n in range(0x20)] + ["\x7f", "\x85", "\u2028"])
def test_no_text_breaks_a_frame(letter: str) -> None:
    """Nothing that any client takes for the end of a line stands in the data."""
    text = f"a{letter}b\u2029c 🧵 é"
    frame = framed(delta(TextDelta("msg_A", text)))
    assert len(frame.splitlines()) == 3
    assert frame.endswith("}\n\n")
    assert data(delta(TextDelta("msg_A", text)))["delta"]["content"][0]["text"]["value"] == text


def test_text_is_sent_as_it_is() -> None:
    """UTF-8, not escapes: a third of the bytes for most of the world."""
    assert "é 世 🧵".encode() in events.frame(delta(TextDelta("msg_A", "é 世 🧵")), None)


def test_steps_keep_their_deadline_in_streams() -> None:
    """As recorded: `expires_at` is the run's, also after the step's end; REST has null there."""
    done = RunStep(
        id="step_A",
        run_id="run_A",
        thread_id="thread_A",
        assistant_id="asst_A",
        created_at=T,
        completed_at=T + 3,
        status="completed",
        type="tool_calls",
        usage=COST,
    )
    told = data(step_event(done))
    assert (told["status"], told["expires_at"]) == ("completed", T + 600)
    assert told["usage"]["total_tokens"] == 61
    assert events.frame(step_event(done), T + 9) != events.frame(step_event(done), T + 600)


@pytest.mark.parametrize("status", ["completed", "failed", "cancelled", "expired", "incomplete"])
def test_the_name_of_an_end(status: Any) -> None:
    """A run that is over is told by its status, without a deadline and with its usage."""
    error = LastError(code="server_error", message="Broken")
    over = Run(
        id="run_A",
        thread_id="thread_A",
        assistant_id="asst_A",
        created_at=T,
        expires_at=T + 600,
        status=status,
        model="gpt-4o",
        usage=COST,
        last_error=error,
    )
    assert framed(run_event(over)).startswith(f"event: thread.run.{status}\n")
    told = data(run_event(over))
    assert (told["expires_at"], told["usage"]["total_tokens"]) == (None, 61)
    assert told["last_error"] == {"code": "server_error", "message": "Broken"}
