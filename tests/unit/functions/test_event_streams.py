"""How a stream begins and ends, whatever the run does."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from functions import entry
from infra.local.transport import Call
from tests.faults import Interception
from tests.held_script import Held
from tests.scripted_provider import Stall
from tests.system import Refused, System, frame_of, proxy_event, running
from threadkeep.providers.port import Text


@dataclass(frozen=True)
class Context:
    """An invocation with so much time left."""

    seconds: int

    def get_remaining_time_in_millis(self) -> int:
        return self.seconds * 1000


class Broken(Interception):
    """A bug: reading events fails for who streams, from call number `first` (from 0) on."""

    def __init__(self, first: int) -> None:
        self._left = first

    def before(self, call: Call, /) -> None:
        streams = call.invocation and call.invocation.function == "run_streams"
        if streams and call.operation == "Query" and call.request["TableName"] == "run_events":
            self._left -= 1
            if self._left < 0:
                raise RuntimeError("what a user wrote")


@pytest.fixture
def system(tmp_path: Path) -> Iterator[System]:
    with running(tmp_path) as system:
        yield system


def streamed_run(system: System) -> tuple[str, dict[str, Any]]:
    """Path and body of a request for a streamed run."""
    thread_id, assistant_id = system.thread("Hi")["id"], system.assistant()["id"]
    return f"/threads/{thread_id}/runs", {"assistant_id": assistant_id, "stream": True}


def test_a_stream_ends_before_lambda_would_end_it(system: System) -> None:
    """10 s before the timeout, and not earlier, it ends with the error that says that the run goes
    on; and so it does.
    """
    script = Held(Text("Hel"), Text("lo"), Stall())
    system.provider.script = script
    event, function = proxy_event("POST", *streamed_run(system), "acme")
    handler = entry.build(function, system.local.services)
    frames = map(frame_of, handler(event, Context(60))["chunks"])
    run = dict(next(frames) for _ in range(8))["thread.run.created"]
    system.advance(49)
    assert next(frames) == (": ping", None)
    script.let_go.set()
    name, data = next(frames)
    assert (name, data["delta"]["content"][0]["text"]["value"]) == ("thread.message.delta", "lo")
    system.advance(1)
    name, data = next(frames)
    assert name == "error"
    assert data["error"]["message"] == (
        f"The stream of the run {run['id']} has reached its longest time. The run goes on:"
        " retrieve it, or join its stream again."
    )
    assert list(frames) == []
    assert system.seen(run)["status"] == "in_progress"


def test_a_bug_before_the_first_event_is_a_plain_error(system: System) -> None:
    """A 500 that the SDKs don't send again: nobody knows what was committed."""
    event, function = proxy_event("POST", *streamed_run(system), "acme")
    system.local.transport.interceptors.append(Broken(0))
    answer = system.local.invoke(function, event)
    assert answer["statusCode"] == 500
    assert answer["headers"]["x-should-retry"] == "false"
    assert "chunks" not in answer
    assert "what a user wrote" not in answer["body"]


def test_a_bug_after_the_first_event_is_an_error_event(system: System) -> None:
    """The status is out: the last event is the error that every SDK raises."""
    system.provider.script = [Text("Hel"), Stall()]
    path, body = streamed_run(system)
    system.local.transport.interceptors.append(Broken(1))
    frames = list(system.stream(path, body))
    assert frames[0][0] == "thread.run.created"
    name, data = frames[-1]
    assert name == "error"
    assert data["error"]["type"] == data["type"] == "server_error"
    assert data["error"]["message"].startswith("The server had an error")
    assert "what a user wrote" not in json.dumps(data)


def test_where_streaming_is_off_both_ways_to_a_stream_are_a_400(system: System) -> None:
    """And the same request without `stream` is served."""
    path, body = streamed_run(system)
    services = system.local.services
    off = replace(services, config=replace(services.config, streaming=False))
    handler = entry.build("run_streams", off)

    def ask(method: str, path: str, body: object = None) -> tuple[int, Any]:
        answer = handler(proxy_event(method, path, body, "acme")[0], Context(29))
        return answer["statusCode"], json.loads(answer["body"])

    status, answer = ask("POST", path, body)
    assert (status, answer["error"]["param"]) == (400, "stream")
    assert "streaming=off" in answer["error"]["message"]
    status, run = ask("POST", path, {**body, "stream": False})
    assert status == 200
    assert ask("GET", f"{path}/{run['id']}/stream") == (400, answer)


def test_what_a_request_lacks_is_a_plain_error(system: System) -> None:
    """What the request lacks is said before a stream begins."""
    path, body = streamed_run(system)
    with pytest.raises(Refused) as refused:
        list(system.stream(path, {**body, "assistant_id": "asst_nobody"}))
    assert refused.value.status == 404
