"""The Python SDK, unchanged: function tools by polling."""

from tests.model_turns import Call, Say
from tests.sdk.conftest import TWO_CALLS, App


def test_two_rounds_with_parallel_calls(app: App) -> None:
    """create_and_poll → requires_action → submit_tool_outputs_and_poll, twice → completed."""
    app.server.turns.extend([TWO_CALLS, Call("get_weather", id="call_3"), Say("Sunny.")])
    app.create_and_poll()
    for waiting in (2, 1):
        assert app.run.status == "requires_action"
        assert len(app.outputs()["tool_outputs"]) == waiting
        app.submit_and_poll()
    assert app.run.status == "completed"
    told = [request.body["messages"][-1] for request in app.server.models.requests]
    assert told[1] == {"role": "tool", "tool_call_id": "call_2", "content": '{"city": "Rome"}'}
    steps = app.threads.runs.steps.list(app.run.id, thread_id=app.thread_id, order="asc").data
    assert [step.type for step in steps] == ["tool_calls", "tool_calls", "message_creation"]
    assert app.run.usage.total_tokens == sum(step.usage.total_tokens for step in steps)
