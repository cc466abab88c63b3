"""How streams end, with readers who are there from the start and one who comes when all is over."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from infra.local.aws.transport import AwsCall
from tests.chaos.stream_readers import Audience, Reader, check, error_of, names, said, text_of
from tests.chaos.test_tool_runs import cancel
from tests.faults import EverybodyDies, HeldDelta, Interception, KillFrom
from tests.scripted_provider import ONE, USAGE, WEATHER, Script, Stall, calls, says
from tests.system import Refused, System, running
from threadkeep.providers.port import CallArguments, CallBegan, Failed, Finished, Text

HALF: Script = [Text("So "), Text("far"), Stall()]
HALF_A_CALL: Script = [CallBegan(0, "call_1", "get_weather"), CallArguments(0, '{"ci'), Stall()]
# Nothing to compress: any of 20,000 letters may come next, three bytes each.
LARGE = "".join(map(chr, random.Random(5).choices(range(0x4E00, 0x9C20), k=300_000)))


@pytest.fixture
def system(tmp_path: Path) -> Iterator[System]:
    with running(tmp_path) as system:
        yield system


@pytest.fixture
def idle(tmp_path: Path) -> Iterator[System]:
    """A system in which nobody takes up any run."""
    system = System(tmp_path)
    yield system
    system.local.stop()


def settle(system: System, run: dict[str, Any]) -> None:
    """As the state machine does when it has given up on the executor."""
    given = {"project_id": "acme", "thread_id": run["thread_id"], "run_id": run["id"], "leg": 1}
    system.local.invoke("executor", {"action": "settle", "run": given})


# Ends of the run


def test_cancelled_from_elsewhere(system: System) -> None:
    """cancelling, the incomplete message with what was said, the step, the run."""
    system.provider.script = HALF
    audience = Audience(system)
    system.until(lambda: audience.said("thread.message.delta"))
    cancel(system, audience.run)
    run = system.ended(audience.run, moving=0.25)
    frames = audience.frames()
    check(frames)
    assert names(frames)[-5:] == [
        "thread.run.cancelling",
        "thread.message.incomplete",
        "thread.run.step.cancelled",
        "thread.run.cancelled",
        "done",
    ]
    assert frames[-4][1]["incomplete_details"] == {"reason": "run_cancelled"}
    assert said(frames) == "So far"
    assert frames[-2][1] == run


def test_cancelled_before_it_was_taken_up(idle: System) -> None:
    """Nothing to close: the run ends at once."""
    audience = Audience(idle)
    cancel(idle, audience.run)
    frames = audience.frames()
    check(frames)
    queued = ["thread.run.created", "thread.run.queued"]
    assert names(frames) == [*queued, "thread.run.cancelled", "done"]


def test_cancelled_where_it_waits(system: System) -> None:
    """Who resumed behind the requires_action is told: the step, the run."""
    system.provider.script = calls(ONE)
    audience = Audience(system, tools=[WEATHER])
    check(audience.frames())
    resumed = audience.reader(audience.told)
    cancel(system, audience.run)
    frames = resumed.result()
    assert names(frames) == ["thread.run.step.cancelled", "thread.run.cancelled", "done"]
    (call,) = frames[0][1]["step_details"]["tool_calls"]
    assert call["function"]["arguments"] == ONE[2]


def test_cancelled_when_its_executor_is_dead(system: System) -> None:
    """The step is closed with the call as far as it was told."""
    system.provider.script = HALF_A_CALL
    kill = KillFrom("executor", 7)
    system.local.transport.interceptors.append(kill)
    audience = Audience(system, tools=[WEATHER])
    system.until(lambda: audience.said("thread.run.step.delta"))
    cancel(system, audience.run)
    system.ended(audience.run, moving=0.25)
    frames = audience.frames()
    check(frames)
    assert names(frames)[-4:] == [
        "thread.run.cancelling",
        "thread.run.step.cancelled",
        "thread.run.cancelled",
        "done",
    ]
    (call,) = frames[-3][1]["step_details"]["tool_calls"]
    assert call["id"] == "call_1"
    assert ('{"ci').startswith(call["function"]["arguments"])


def test_expired(system: System) -> None:
    """The message with what was said, the step, the run: each at the deadline."""
    system.provider.script = HALF
    audience = Audience(system)
    system.until(lambda: audience.said("thread.message.delta"))
    system.advance(600)
    run = system.ended(audience.run)
    frames = audience.frames()
    check(frames)
    assert names(frames)[-4:] == [
        "thread.message.incomplete",
        "thread.run.step.expired",
        "thread.run.expired",
        "done",
    ]
    assert frames[-4][1]["incomplete_details"] == {"reason": "run_expired"}
    assert said(frames) == "So far"
    assert frames[-2][1] == run


def test_expired_and_nobody_wrote_it(system: System) -> None:
    """15 seconds late the readers are told all the same, as REST tells it."""
    system.provider.script = calls(ONE)
    audience = Audience(system, tools=[WEATHER])
    check(audience.frames())
    system.local.transport.interceptors.append(EverybodyDies())
    resumed = audience.reader(audience.told)
    system.until(lambda: resumed.over, moving=30)
    frames = resumed.result()
    assert names(frames) == ["thread.run.expired", "done"]
    assert frames[0][1] == system.seen(audience.run)
    assert system.stored(audience.run) == "requires_action"


def test_cut_by_the_length(system: System) -> None:
    """An incomplete message in a completed step; the run is incomplete."""
    system.provider.script = [Text("Too lo"), Finished("length", USAGE)]
    audience = Audience(system)
    frames = audience.frames()
    check(frames)
    assert names(frames)[-4:] == [
        "thread.message.incomplete",
        "thread.run.step.completed",
        "thread.run.incomplete",
        "done",
    ]
    assert frames[-4][1]["incomplete_details"] == {"reason": "max_tokens"}
    assert frames[-2][1]["incomplete_details"] == {"reason": "max_completion_tokens"}


def test_failed_before_any_step(system: System) -> None:
    """Only the run's own events."""
    system.provider.script = [Failed("rate_limit_exceeded", "Too many requests")]
    frames = Audience(system).frames()
    check(frames)
    assert names(frames) == [
        "thread.run.created",
        "thread.run.queued",
        "thread.run.in_progress",
        "thread.run.failed",
        "done",
    ]
    error = {"code": "rate_limit_exceeded", "message": "Too many requests"}
    assert frames[-2][1]["last_error"] == error


def test_an_empty_answer(system: System) -> None:
    """A message all the same: one empty delta, so that SDKs have its part before it ends."""
    system.provider.script = says()
    frames = Audience(system).frames()
    check(frames)
    assert names(frames)[-5:-2] == [
        "thread.message.delta",
        "thread.message.completed",
        "thread.run.step.completed",
    ]
    assert text_of(frames[-4][1]) == ""


def test_text_and_then_calls(system: System) -> None:
    """The message is completed before the step of the calls begins."""
    system.provider.script = calls(ONE, before="Let me see.")
    frames = Audience(system, tools=[WEATHER]).frames()
    check(frames)
    steps = [name for name in names(frames) if name.startswith("thread.run.step.")]
    assert steps[:4] == [
        "thread.run.step.created",
        "thread.run.step.in_progress",
        "thread.run.step.completed",
        "thread.run.step.created",
    ]
    assert names(frames)[-2] == "thread.run.requires_action"


# Ends of the stream


@pytest.mark.promise("19.9")
def test_a_run_that_nobody_takes_up(idle: System) -> None:
    """After 20 seconds the stream ends with an error that names the run; the run goes on."""
    body = {"assistant_id": idle.assistant()["id"], "stream": True, "instructions": "Hi"}
    reader = Reader(idle.stream("/threads/runs", body))
    idle.until(lambda: len(reader.frames) == 3)
    idle.until(lambda: reader.over, moving=1)
    run = reader.frames[1][1]
    assert run["id"] in error_of(reader.result())
    assert idle.seen(run)["status"] == "queued"


@pytest.mark.promise("19.9")
def test_pings_while_nothing_is_said(system: System) -> None:
    """A comment after each 15 seconds of silence."""
    system.provider.script = HALF
    audience = Audience(system)
    reader = audience.reader()
    system.until(lambda: "thread.message.delta" in names(list(reader.frames)))
    system.until(lambda: reader.pings == 3, moving=1)
    assert names(reader.frames)[-1] == "thread.message.delta"


def test_a_thread_that_is_deleted(system: System) -> None:
    """Every reader ends with an error, and nobody joins any more."""
    system.provider.script = HALF
    audience = Audience(system)
    reader = audience.reader()
    system.until(lambda: "thread.message.delta" in names(list(reader.frames)))
    system.until(lambda: audience.said("thread.message.delta"))
    system.request("DELETE", f"/threads/{audience.run['thread_id']}", None, "acme")
    system.until(lambda: reader.over, moving=1)
    assert audience.run["id"] in error_of(reader.result())
    with pytest.raises(Refused) as refused:
        list(system.stream(f"{audience.path}/stream"))
    assert refused.value.status == 404


@pytest.mark.promise("19.8")
def test_resumed_at_the_end(system: System) -> None:
    """Nothing is left: the stream ends at once."""
    audience = Audience(system)
    frames = audience.frames()
    assert audience.reader(audience.told - 1).result() == frames[-2:]
    assert audience.reader(audience.told).result() == frames[-1:]


@pytest.mark.promise("10.9")
def test_a_client_that_leaves(system: System) -> None:
    """The run goes on, and who comes later is told all of it."""
    system.provider.script = [Text("So far"), Stall()]
    audience = Audience(system)
    stream = system.stream(f"{audience.path}/stream")
    assert next(stream)[0] == "thread.run.created"
    stream.close()  # type: ignore[attr-defined]  # it is a generator
    cancel(system, audience.run)
    system.ended(audience.run, moving=0.25)
    check(audience.frames())


# Content


@pytest.mark.parametrize("pieces", [1, 7, 300])
def test_a_message_larger_than_a_row(system: System, pieces: int) -> None:
    """It is streamed and completed, whether it comes at once or in pieces."""
    size = -(-len(LARGE) // pieces)
    system.provider.script = says(*(LARGE[n : n + size] for n in range(0, len(LARGE), size)))
    audience = Audience(system)
    run = system.ended(audience.run)
    frames = audience.frames()
    check(frames)
    assert said(frames) == LARGE
    assert text_of(system.messages(run)[-1]) == LARGE


def test_a_thread_and_a_run_that_both_say_much(system: System) -> None:
    """A thread's first messages, and what its run streams, need not fit into an item either."""
    asked = LARGE[:256_000]
    system.provider.script = says(LARGE)
    thread = {"messages": [{"role": "user", "content": asked}]}
    body = {"assistant_id": system.assistant()["id"], "stream": True, "thread": thread}
    frames = list(system.stream("/threads/runs", body))
    created = next(data for name, data in frames if name == "thread.run.created")
    assert said(frames) == LARGE
    assert [text_of(message) for message in system.messages(created)] == [asked, LARGE]
    alone = system.post("/threads", thread)
    (first,) = system.messages({"thread_id": alone["id"]})
    assert text_of(first) == asked


def test_calls_larger_than_a_row(system: System) -> None:
    """Arguments and outputs: told in pieces, and whole where the step ends."""
    system.provider.script = calls(("call_1", "get_weather", LARGE))
    audience = Audience(system, tools=[WEATHER])
    frames = audience.frames()
    check(frames)
    action = frames[-2][1]["required_action"]["submit_tool_outputs"]["tool_calls"]
    assert [call["function"]["arguments"] for call in action] == [LARGE]
    after = audience.told
    audience.submit(call_1=LARGE[::-1])
    system.provider.script = says("Done")
    told = audience.frames(after)
    check(told)
    (call,) = told[0][1]["step_details"]["tool_calls"]
    assert call["function"] == {
        "name": "get_weather",
        "arguments": LARGE,
        "output": LARGE[::-1],
    }


def test_a_large_message_that_was_deleted(system: System) -> None:
    """What would tell of it can't be told any more: an error, not a stream that breaks off."""
    system.provider.script = says(LARGE)
    audience = Audience(system)
    audience.frames()
    message = system.messages(audience.run)[-1]
    path = f"/threads/{audience.run['thread_id']}/messages/{message['id']}"
    system.request("DELETE", path, None, "acme")
    reader = audience.reader()
    assert audience.run["id"] in error_of(reader.result())
    assert said(reader.frames[:-1]) == LARGE


# Races


def test_a_delta_that_comes_too_late(system: System) -> None:
    """An executor has lost its run to Settle while it wrote a delta: that replaces nothing."""
    held = HeldDelta()
    system.local.transport.interceptors.append(held)
    audience = Audience(system)
    assert held.reached.wait(20)
    settle(system, audience.run)
    held.let_go.set()
    system.until(lambda: not system.executing(f"{audience.run['id']}-1"), moving=0.25)
    frames = audience.frames()
    check(frames)
    assert names(frames)[-2] == "thread.run.failed"
    assert said(frames) == ""


def test_a_delta_whose_answer_is_lost(system: System) -> None:
    """It is sent again and told once."""
    lost = LostDelta()
    system.local.transport.interceptors.append(lost)
    frames = Audience(system).frames()
    check(frames)
    assert lost.sent == 3
    assert said(frames) == "Hello there"


class LostDelta(Interception):
    """Loses the answer to the first delta, after it was written."""

    def __init__(self) -> None:
        self.sent = 0

    def after(self, call: AwsCall, /) -> None:
        if call.operation == "PutItem":
            self.sent += 1
            if self.sent == 1:
                raise ReadTimeoutError(endpoint_url="dynamodb")
