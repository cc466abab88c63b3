"""Real objects for the placeholders of the SDK's suite.

The suite is written for a mock that answers anything: it asks for the thread `thread_id`, after
`after`, and sends tool outputs that say of which call they are by `tool_call_id`. Each request gets
objects of its own here, in the state that it needs; nothing else of it is changed, but that
parameters which are not built are left out.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from tests.conformance.suite import LEFT_OUT
from tests.model_turns import Call, Received, Say, Stall, Turn
from tests.serve_process import PATIENCE, Serve

# What the models of these names do; any other name speaks.
_STALLS, _CALLS = "stalls", "calls"
_PLACEHOLDERS = {"thread_id", "run_id", "assistant_id", "message_id", "step_id"}
# The run that a request is about, by the end of its path; any other run has completed.
_WANTED = {
    "cancel": (_STALLS, "in_progress"),
    "submit_tool_outputs": (_CALLS, "requires_action"),
}
# The SDK says that a run always has instructions.
_BRIEF = {"instructions": "Be brief."}
_TOOL = {"type": "function", "function": {"name": "get_weather", "parameters": {}}}


def turn(received: Received) -> Turn:
    """The model server's script."""
    model, messages = received.body["model"], received.body["messages"]
    if model == _STALLS:
        return Stall("So far")
    if model == _CALLS and messages[-1]["role"] != "tool":
        return Call("get_weather")
    return Say()


@dataclass(frozen=True)
class Request:
    """What is asked; `path` is without `/v1`."""

    method: str
    path: str
    query: str
    body: Any


@dataclass(frozen=True)
class StandIns:
    """Makes what a request needs, over the API itself."""

    serve: Serve

    def put_in(self, asked: Request) -> Request:
        """The request about real objects."""
        segments = asked.path.split("/")
        query = parse_qsl(asked.query)
        ids: Mapping[str, str] = {}
        if _PLACEHOLDERS & {*segments, *(value for _, value in query), *_assistants(asked.body)}:
            ids = self._run(*_WANTED.get(segments[-1], ("speaks", "completed")))
        path = "/".join(ids.get(segment, segment) for segment in segments)
        body = _filled(_built(asked.body), ids)
        return Request(asked.method, path, self._listed(path, query, ids), body)

    def _run(self, model: str, status: str) -> Mapping[str, str]:
        """The ids of a run in the state that is asked for, and of what belongs to it."""
        assistant = self.serve.post("/assistants", {"model": model, "tools": [_TOOL], **_BRIEF})
        thread = {"messages": [{"role": "user", "content": text} for text in ("Hello", "Hi")]}
        new = {"assistant_id": assistant["id"], "thread": thread}
        run = self.serve.post("/threads/runs", new)
        path = f"/threads/{run['thread_id']}/runs/{run['id']}"
        deadline = time.monotonic() + PATIENCE
        while run["status"] != status:
            assert time.monotonic() < deadline, f"the run is {run['status']}, not {status}"
            time.sleep(0.01)
            run = self.serve.get(path)
        ids = {"thread_id": run["thread_id"], "run_id": run["id"], "assistant_id": assistant["id"]}
        for name, listed in (("message_id", "messages"), ("step_id", f"runs/{run['id']}/steps")):
            data = self.serve.get(f"/threads/{run['thread_id']}/{listed}")["data"]
            ids[name] = data[0]["id"] if data else ""
        if status == "requires_action":
            calls = run["required_action"]["submit_tool_outputs"]["tool_calls"]
            ids["tool_call_id"] = calls[0]["id"]
        return ids

    def _listed(self, path: str, query: list[tuple[str, str]], ids: Mapping[str, str]) -> str:
        """The query with real cursors, the ends of the list; and a page of at least one object."""
        real = {"0": "1", **ids}
        if any(value in ("after", "before") for _, value in query):
            listed = self.serve.get(f"{path}?order=asc&limit=100")["data"]
            real |= {"after": listed[0]["id"], "before": listed[-1]["id"]}
        return urlencode([(name, real.get(value, value)) for name, value in query])


def _filled(body: Any, ids: Mapping[str, str]) -> Any:
    if not isinstance(body, dict):
        return body
    filled = dict(body)
    if "assistant_id" in body:
        filled["assistant_id"] = ids["assistant_id"]
    if "tool_outputs" in body:  # the suite's may be empty: the type has no required keys
        filled["tool_outputs"] = [
            {"output": "output", "tool_call_id": ids["tool_call_id"]} for _ in body["tool_outputs"]
        ]
    return filled


def _built(body: Any) -> Any:
    """Without what is not built, at any depth."""
    if isinstance(body, list):
        return [_built(each) for each in body if not _is_hosted_tool(each)]
    if not isinstance(body, dict):
        return body
    return {key: _built(value) for key, value in body.items() if key not in LEFT_OUT}


def _is_hosted_tool(each: Any) -> bool:
    return isinstance(each, dict) and each.get("type") in LEFT_OUT


def _assistants(body: Any) -> list[str]:
    return [body["assistant_id"]] if isinstance(body, dict) and "assistant_id" in body else []
