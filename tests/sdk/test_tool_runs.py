"""The Python SDK, unchanged: function tools, and streams with its helpers."""

from typing import Any

import pytest
from openai import OpenAI
from openai.types.beta.threads import Run

from tests.model_turns import Call, Calls, Fault, Say, Stall
from tests.sdk.conftest import Server

POLL = 20  # ms
WEATHER: Any = {
    "type": "function",
    "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {}}},
}
TWO_CALLS = Calls(
    [
        Call("get_weather", '{"city": "Bern"}', id="call_1"),
        Call("get_weather", '{"city": "Rome"}', id="call_2"),
    ]
)


def begin(client: OpenAI) -> tuple[str, str]:
    """An assistant with a function, and a thread: their ids."""
    assistant = client.beta.assistants.create(model="gpt-4o", tools=[WEATHER])
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "Weather?"}])
    return assistant.id, thread.id


def outputs(run: Run) -> Any:
    """An output for each call that the run waits for."""
    assert run.required_action
    calls = run.required_action.submit_tool_outputs.tool_calls
    return [{"tool_call_id": call.id, "output": call.function.arguments} for call in calls]


def test_two_rounds_with_parallel_calls(server: Server) -> None:
    """create_and_poll → requires_action → submit_tool_outputs_and_poll, twice → completed."""
    server.turns.extend([TWO_CALLS, Call("get_weather", id="call_3"), Say("Sunny.")])
    client = server.client()
    assistant_id, thread_id = begin(client)
    runs = client.beta.threads.runs
    run = runs.create_and_poll(
        thread_id=thread_id, assistant_id=assistant_id, poll_interval_ms=POLL
    )
    for calls in (2, 1):
        assert run.status == "requires_action"
        assert len(outputs(run)) == calls
        run = runs.submit_tool_outputs_and_poll(
            run_id=run.id,
            thread_id=thread_id,
            tool_outputs=outputs(run),
            poll_interval_ms=POLL,
        )
    assert run.status == "completed"
    told = [request.body["messages"][-1] for request in server.models.requests]
    assert told[1] == {"role": "tool", "tool_call_id": "call_2", "content": '{"city": "Rome"}'}
    steps = runs.steps.list(run.id, thread_id=thread_id, order="asc").data
    assert [step.type for step in steps] == ["tool_calls", "tool_calls", "message_creation"]
    assert run.usage
    assert run.usage.total_tokens == sum(s.usage.total_tokens for s in steps if s.usage)


def test_a_stream_of_text(server: Server) -> None:
    """`stream()`: the final snapshots are what REST then returns."""
    server.turns.append(Say("Hello there!", pieces=4))
    client = server.client()
    assistant_id, thread_id = begin(client)
    with client.beta.threads.runs.stream(thread_id=thread_id, assistant_id=assistant_id) as stream:
        events = list(stream)
    run = stream.get_final_run()
    assert run == client.beta.threads.runs.retrieve(run.id, thread_id=thread_id)
    (message,) = stream.get_final_messages()
    assert message == client.beta.threads.messages.retrieve(message.id, thread_id=thread_id)
    assert message.content[0].type == "text"
    assert message.content[0].text.value == "Hello there!"
    # The helper's own snapshot of a step is not brought up to date by its last event.
    step: Any = next(e.data for e in events if e.event == "thread.run.step.completed")
    kept = client.beta.threads.runs.steps.retrieve(step.id, thread_id=thread_id, run_id=run.id)
    as_recorded = {"expires_at": None}  # set in streams alone
    assert {**step.to_dict(), **as_recorded} == kept.to_dict()


def test_create_and_run_stream(server: Server) -> None:
    """A thread and its streamed run in one request."""
    client = server.client()
    assistant_id, _ = begin(client)
    thread: Any = {"messages": [{"role": "user", "content": "Hi"}]}
    with client.beta.threads.create_and_run_stream(
        assistant_id=assistant_id, thread=thread
    ) as stream:
        names = [event.event for event in stream]
    assert names[:2] == ["thread.created", "thread.run.created"]
    assert stream.get_final_run().status == "completed"


def test_a_streamed_tool_round_trip(server: Server) -> None:
    """`stream()` to two parallel calls, `submit_tool_outputs_stream()` to the answer."""
    server.turns.extend([TWO_CALLS, Say("Sunny.")])
    client = server.client()
    assistant_id, thread_id = begin(client)
    runs = client.beta.threads.runs
    with runs.stream(thread_id=thread_id, assistant_id=assistant_id) as stream:
        stream.until_done()
    run = stream.get_final_run()
    assert run.status == "requires_action"
    (step,) = stream.get_final_run_steps()
    assert step.step_details.type == "tool_calls"
    made = [call.function for call in step.step_details.tool_calls if call.type == "function"]
    assert [f.arguments for f in made] == ['{"city": "Bern"}', '{"city": "Rome"}']
    with runs.submit_tool_outputs_stream(
        run_id=run.id, thread_id=thread_id, tool_outputs=outputs(run)
    ) as stream:
        assert "".join(stream.text_deltas) == "Sunny."
    assert stream.get_final_run().status == "completed"


def test_raw_events(server: Server) -> None:
    """`create(stream=True)` gives the events themselves."""
    client = server.client()
    assistant_id, thread_id = begin(client)
    events = client.beta.threads.runs.create(thread_id, assistant_id=assistant_id, stream=True)
    names = [event.event for event in events]
    assert (names[0], names[-1]) == ("thread.run.created", "thread.run.completed")


def test_a_cancelled_stream(server: Server) -> None:
    """A stream whose run is cancelled ends with it, the text so far kept."""
    server.turns.append(Stall("So far"))
    client = server.client()
    assistant_id, thread_id = begin(client)
    runs = client.beta.threads.runs
    with runs.stream(thread_id=thread_id, assistant_id=assistant_id) as stream:
        for event in stream:
            if event.event == "thread.message.delta":
                run = stream.current_run
                assert run
                runs.cancel(run.id, thread_id=thread_id)
    assert stream.get_final_run().status == "cancelled"
    (message,) = stream.get_final_messages()
    assert message.status == "incomplete"


@pytest.mark.parametrize(
    ("turn", "status"),
    [
        (Fault(400, {"error": {"message": "no"}}), "failed"),
        (Say("Cut", finish_reason="length"), "incomplete"),
    ],
)
def test_streams_that_end_otherwise(server: Server, turn: Any, status: str) -> None:
    """A failure and a length stop end the stream with the run's own end."""
    server.turns.append(turn)
    client = server.client()
    assistant_id, thread_id = begin(client)
    with client.beta.threads.runs.stream(thread_id=thread_id, assistant_id=assistant_id) as stream:
        stream.until_done()
    assert stream.get_final_run().status == status
