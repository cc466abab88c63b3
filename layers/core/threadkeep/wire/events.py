"""Server-sent events, byte by byte as the original framed them."""

import json
from collections.abc import Mapping
from typing import Any

from threadkeep.domain.events import CallDelta, Event, TextDelta
from threadkeep.domain.objects import Message, Thread
from threadkeep.domain.runs import Run, RunStep
from threadkeep.wire import objects, run_objects

DONE = b"event: done\ndata: [DONE]\n\n"
PING = b": ping\n\n"
# Lines end at \n, but clients that split decoded text end them at these, too.
_LINE_ENDS = {ord(end): f"\\u{ord(end):04x}" for end in "\x85\u2028\u2029"}
HEADERS = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
    "x-accel-buffering": "no",
}


def frame(event: Event, expires_at: int | None, number: int | None = None) -> bytes:
    """One event. `expires_at` is its run's, which steps keep in streams; `number` makes an id."""
    id_line = f"id: {number}\n" if number is not None else ""
    data = json.dumps(_data(event, expires_at), ensure_ascii=False, separators=(",", ":"))
    data = data.translate(_LINE_ENDS)
    return f"{id_line}event: {event.name}\ndata: {data}\n\n".encode()


def error(message: str) -> bytes:
    """The end of a stream that broke: in the two shapes that between them every SDK raises on."""
    body = {"message": message, "type": "server_error", "param": None, "code": None}
    data = json.dumps({"error": body, **body}, separators=(",", ":"))
    return f"event: error\ndata: {data}\n\n".encode()


def _data(event: Event, expires_at: int | None) -> Mapping[str, object]:
    match event.object:
        case Run():
            return run_objects.run_object(event.object)
        case RunStep():
            return {**run_objects.run_step_object(event.object), "expires_at": expires_at}
        case Message():
            return objects.message_object(event.object)
        case Thread():
            return objects.thread_object(event.object)
        case TextDelta():
            return _message_delta(event.object)
        case CallDelta():
            return _step_delta(event.object)


def _message_delta(delta: TextDelta) -> dict[str, Any]:
    text = {"value": delta.text, **({"annotations": []} if delta.first else {})}
    content = [{"index": 0, "type": "text", "text": text}]
    return {"id": delta.id, "object": "thread.message.delta", "delta": {"content": content}}


def _step_delta(delta: CallDelta) -> dict[str, Any]:
    """Ids and names come once: whoever adds the deltas up would double them."""
    if delta.call_id:
        call: dict[str, Any] = {
            "index": delta.index,
            "id": delta.call_id,
            "type": "function",
            "function": {"name": delta.name, "arguments": delta.arguments, "output": None},
        }
    else:
        function = {"arguments": delta.arguments}
        call = {"index": delta.index, "type": "function", "function": function}
    details = {"type": "tool_calls", "tool_calls": [call]}
    return {
        "id": delta.id,
        "object": "thread.run.step.delta",
        "delta": {"step_details": details},
    }
