"""How a stream begins and ends, whatever the run does."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from functions import entry
from infra.local.aws.transport import AwsCall
from tests.chaos.stream_readers import Reader
from tests.faults import Interception
from tests.held_script import Held
from tests.scripted_provider import ONE, WEATHER, Stall, calls, says
from tests.system import Refused, System, frame_of, proxy_event, running
from threadkeep.providers.port import Text
from threadkeep.store.waker import Polling

HEADERS = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
    "x-accel-buffering": "no",
}


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

    def before(self, call: AwsCall, /) -> None:
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


def test_where_streaming_is_off_every_way_to_a_stream_is_a_400(system: System) -> None:
    """And nothing is written; the same requests without `stream` are served."""
    runs, body = streamed_run(system)
    services = system.local.services
    off = replace(services, config=replace(services.config, streaming=False))
    handler = entry.build("run_streams", off)

    def ask(method: str, path: str, body: object = None) -> tuple[int, Any]:
        answer = handler(proxy_event(method, path, body, "acme")[0], Context(29))
        return answer["statusCode"], json.loads(answer["body"])

    def refused_then_served(path: str, body: dict[str, Any]) -> Any:
        status, answer = ask("POST", path, {**body, "stream": True})
        assert (status, answer["error"]["param"]) == (400, "stream")
        assert "streaming=false" in answer["error"]["message"]
        status, run = ask("POST", path, {**body, "stream": False})
        assert status == 200
        return run

    refused_then_served("/threads/runs", {**body, "instructions": "Hi"})
    system.provider.script = calls(ONE)
    run = refused_then_served(runs, {**body, "tools": [WEATHER]})
    system.until(lambda: system.stored(run) == "requires_action")
    outputs = [{"tool_call_id": ONE[0], "output": "x"}]
    refused_then_served(f"{runs}/{run['id']}/submit_tool_outputs", {"tool_outputs": outputs})
    status, answer = ask("GET", f"{runs}/{run['id']}/stream")
    assert (status, answer["error"]["param"]) == (400, None)
    assert "streaming=false" in answer["error"]["message"]


def raw(system: System, method: str, path: str, body: object = None, **headers: str) -> Any:
    event, function = proxy_event(method, path, body, "acme")
    return system.local.invoke(function, {**event, "headers": headers})


def test_ids_of_events(system: System) -> None:
    """A stream that is joined numbers its events from 1, and its comments and `done` not at all; a
    stream that was asked for with a request has no ids, as the original's had none.
    """
    path, body = streamed_run(system)
    told = [chunk.decode() for chunk in raw(system, "POST", path, body)["chunks"]]
    assert not any("id: " in chunk.split("data:")[0] for chunk in told)
    run = json.loads(told[0].partition("data: ")[2])
    answer = raw(system, "GET", f"{path}/{run['id']}/stream")
    assert {name: answer["headers"][name] for name in HEADERS} == HEADERS
    joined = [chunk.decode() for chunk in answer["chunks"]]
    numbered = [f"id: {n}\n{chunk}" for n, chunk in enumerate(told[:-1], 1)]
    assert joined == [*numbered, told[-1]]


@pytest.mark.parametrize("sent", ["x", "-1", "1.5", "1 2", "9" * 16, "9" * 200, "13", "1000000"])
def test_an_id_that_is_none_of_the_stream_s(system: System, sent: str) -> None:
    """It is refused before the stream begins: whoever sends it would be told less than they think.

    The id of the last event is one; so is none at all.
    """
    path, body = streamed_run(system)
    run = json.loads(next(raw(system, "POST", path, body)["chunks"]).partition(b"data: ")[2])
    system.ended(run)
    stream = f"{path}/{run['id']}/stream"
    answer = raw(system, "GET", stream, **{"Last-Event-ID": sent})
    assert answer["statusCode"] == 400
    assert "Last-Event-ID" in answer["body"]
    assert raw(system, "GET", stream, **{"Last-Event-ID": "12"})["statusCode"] == 200
    assert raw(system, "GET", stream, **{"Last-Event-ID": ""})["statusCode"] == 200


@pytest.mark.parametrize("second", [True, False])
def test_legs_in_a_stream_that_is_joined(system: System, *, second: bool) -> None:
    """Whoever joins is told all legs, also of one that was asked for without a stream; whoever
    joins while the run waits is told up to there, and resumes behind it.
    """
    system.provider.script = calls(ONE)
    path, body = streamed_run(system)
    first = list(system.stream(path, {**body, "tools": [WEATHER]}))
    run = first[-2][1]
    stream = f"{path}/{run['id']}/stream"
    assert list(system.stream(stream)) == first
    system.provider.script = [*says("Sunny")]
    submit = f"{path}/{run['id']}/submit_tool_outputs"
    outputs = {"tool_outputs": [{"tool_call_id": ONE[0], "output": "x"}], "stream": second}
    if second:
        told = list(system.stream(submit, outputs))
    else:
        system.ended(system.post(submit, outputs))
        told = list(system.stream(stream, **{"Last-Event-ID": str(len(first) - 1)}))
    assert [name for name, _ in told][:2] == ["thread.run.step.completed", "thread.run.queued"]
    assert told[-2][1] == system.seen(run)
    assert list(system.stream(stream)) == [*first[:-1], *told]


def test_a_reader_that_polls(system: System) -> None:
    """As in Lambda, where nobody wakes it: a model that thinks for minutes breaks no stream, and a
    thread that is deleted ends it.
    """
    system.provider.script = [Stall()]
    services = replace(system.local.services, waker=Polling(system.clock))
    handler = entry.build("run_streams", services)
    event = proxy_event("POST", *streamed_run(system), "acme")[0]
    reader = Reader(map(frame_of, handler(event, Context(900))["chunks"]))
    system.until(lambda: len(reader.frames) == 3, moving=0.25)
    assert reader.frames[-1][0] == "thread.run.in_progress"
    system.until(lambda: reader.pings == 8, moving=0.25)
    assert not reader.over
    system.request("DELETE", f"/threads/{reader.frames[0][1]['thread_id']}", None, "acme")
    pings = reader.pings
    system.until(lambda: reader.over, moving=0.25)
    assert reader.pings <= pings + 2
    assert reader.frames[-1][0] == "error"


def test_what_a_request_lacks_is_a_plain_error(system: System) -> None:
    """What the request lacks is said before a stream begins."""
    path, body = streamed_run(system)
    with pytest.raises(Refused) as refused:
        list(system.stream(path, {**body, "assistant_id": "asst_nobody"}))
    assert refused.value.status == 404
