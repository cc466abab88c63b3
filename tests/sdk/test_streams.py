"""The Python SDK's streams, unchanged: every way to begin one, every way for it to end.

What a stream has told last of an object is what REST returns then.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from openai import APIError

from infra.local.aws.transport import AwsCall
from tests.fake_clock import RunningClock
from tests.faults import Interception, Killed
from tests.model_turns import Call, Drop, Fault, Say, Stall, Turn
from tests.sdk.conftest import TWO_CALLS, App

Events = AbstractContextManager[Any]

ENDINGS: dict[str, tuple[Turn, str, str]] = {
    "text": (Say("Hello there!", pieces=4), "completed", "Hello there!"),
    "two calls": (TWO_CALLS, "requires_action", ""),
    "cancel": (Stall("So far"), "cancelled", "So far"),
    "expiry": (Stall("So far"), "expired", "So far"),
    "failure": (Drop(1), "failed", "piece 0 "),
    "failure at once": (Fault(400, {"error": {"message": "no"}}), "failed", ""),
    "length": (Say("Cut", finish_reason="length"), "incomplete", "Cut"),
    "length, nothing said": (Say("", finish_reason="length"), "incomplete", ""),
}


# Ways to begin a stream


def stream(app: App) -> Events:
    return app.threads.runs.stream(thread_id=app.thread_id, assistant_id=app.assistant_id)  # type: ignore[no-any-return]


def create_and_run_stream(app: App) -> Events:
    thread = {"messages": [{"role": "user", "content": "Weather?"}]}
    return app.threads.create_and_run_stream(assistant_id=app.assistant_id, thread=thread)  # type: ignore[no-any-return]


def submit_tool_outputs_stream(app: App) -> Events:
    """Of a run that has called a function and waits for the output."""
    app.server.turns.insert(0, Call("get_weather", id="call_0"))
    app.create_and_poll()
    return app.threads.runs.submit_tool_outputs_stream(**app.outputs())  # type: ignore[no-any-return]


def raw_events(app: App) -> Events:
    return app.threads.runs.create(app.thread_id, assistant_id=app.assistant_id, stream=True)  # type: ignore[no-any-return]


WAYS = [stream, create_and_run_stream, submit_tool_outputs_stream, raw_events]


class Follower:
    """Follows a stream: `last` is what was told last of each object, whole, by its id."""

    def __init__(self, app: App, at_the_first_delta: Callable[[], None] | None = None) -> None:
        self.last: dict[str, Any] = {}
        self.announced: set[str] = set()
        self._app = app
        self._act = at_the_first_delta

    def follow(self, events: Any) -> None:
        for event in events:
            name, data = event.event, event.data
            if data.object == "thread.run":
                self._app.run, self._app.thread_id = data, data.thread_id
            if not name.endswith(".delta"):
                self.last[data.id] = data
            elif self._act:
                self._act()
                self._act = None
            if name.endswith(".created"):
                self.announced.add(data.id)

    def of_kind(self, kind: str) -> list[Any]:
        return [data for data in self.last.values() if data.object == kind]


class Expiry(Interception):
    """Lets the time of the run pass once a piece of an answer is told."""

    def __init__(self, clock: RunningClock) -> None:
        self._clock = clock

    def after(self, call: AwsCall, /) -> None:
        if call.operation == "PutItem":
            self._clock.advance(600)


@pytest.mark.promise("19.4", "19.5")
@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("way", WAYS)
def test_the_last_that_is_told_is_what_is_kept(app: App, way: Any, ending: str) -> None:
    """Of the run, its messages and its steps; but for `expires_at` of a step that is over, which
    is set in streams alone, as recorded.
    """
    turn, status, said = ENDINGS[ending]
    app.server.turns.append(turn)
    if ending == "expiry":
        app.server.local.transport.interceptors.append(Expiry(app.server.clock))
    follower = Follower(app, app.cancel if ending == "cancel" else None)
    with way(app) as events:
        follower.follow(events)
    assert app.run.status == status
    messages = follower.of_kind("thread.message")
    assert "".join(part.text.value for message in messages for part in message.content) == said
    for id_, told in follower.last.items():
        if told.object != "thread.run.step":
            assert told.to_dict() == app.kept(id_)
        elif told.status != "in_progress":  # else its calls came in pieces
            assert {**told.to_dict(), "expires_at": None} == app.kept(id_)
    if way is not raw_events:
        check_snapshots(app, follower, events)


def check_snapshots(app: App, follower: Follower, helper: Any) -> None:
    """What the SDK has made of the events: the final run, messages and steps."""
    assert helper.get_final_run().to_dict() == app.kept(app.run.id)
    if messages := follower.of_kind("thread.message"):
        assert helper.get_final_messages() == messages
    if not follower.announced & {step.id for step in follower.of_kind("thread.run.step")}:
        return
    for step in helper.get_final_run_steps():
        # The SDK brings a step up to date by its deltas alone, and leaves their `index` in it.
        details = step.to_dict()["step_details"]
        for call in details.get("tool_calls", ()):
            call.pop("index")
        assert details == app.kept(step.id)["step_details"]


@pytest.mark.promise("19.6")
class NobodyTakesItUp(Interception):
    """Whoever would bring the news of a new run dies, and time goes by."""

    def __init__(self, clock: RunningClock) -> None:
        self._clock = clock

    def before(self, call: AwsCall, /) -> None:
        if call.invocation and call.invocation.function == "dispatcher":
            self._clock.advance(25)
            raise Killed


@pytest.mark.promise("19.9")
@pytest.mark.parametrize("way", [stream, create_and_run_stream, raw_events])
def test_an_error_event_is_raised(app: App, way: Any) -> None:
    """Through the helpers and through raw events; it names the run, which goes on."""
    app.server.local.transport.interceptors.append(NobodyTakesItUp(app.server.clock))
    with pytest.raises(APIError, match="is still queued") as raised, way(app) as events:
        Follower(app).follow(events)
    assert app.run.id in raised.value.message
    assert app.kept(app.run.id)["status"] == "queued"


def test_a_tool_round_trip(app: App) -> None:
    """Two parallel calls, their outputs, a further call, and the answer: a stream for each leg."""
    app.server.turns.extend([TWO_CALLS, Call("get_weather", id="call_3"), Say("Sunny.")])
    with stream(app) as events:
        Follower(app).follow(events)
    for waiting in (2, 1):
        assert app.run.status == "requires_action"
        assert len(app.outputs()["tool_outputs"]) == waiting
        with app.threads.runs.submit_tool_outputs_stream(**app.outputs()) as events:
            Follower(app).follow(events)
    assert app.run.status == "completed"
    assert [message.content[0].text.value for message in events.get_final_messages()] == ["Sunny."]


@pytest.mark.promise("19.7")
@pytest.mark.parametrize("streamed_first", [True, False])
def test_continued_in_the_other_form(app: App, *, streamed_first: bool) -> None:
    """A streamed run is continued without a stream, and the other way round."""
    app.server.turns.extend([TWO_CALLS, Say("Sunny.")])
    if streamed_first:
        with stream(app) as events:
            Follower(app).follow(events)
        app.submit_and_poll()
    else:
        app.create_and_poll()
        with app.threads.runs.submit_tool_outputs_stream(**app.outputs()) as events:
            assert "".join(events.text_deltas) == "Sunny."
        app.run = events.get_final_run()
    assert app.run.status == "completed"
    assert app.threads.messages.list(app.thread_id).data[0].content[0].text.value == "Sunny."
