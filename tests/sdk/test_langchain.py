"""LangChain's assistant runnable, unchanged."""

import warnings
from typing import Any

import pytest

from tests.model_turns import Call, Calls, Say
from tests.sdk.conftest import Server

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what it warns of at import is its own affair
    from langchain_classic.agents.openai_assistant import OpenAIAssistantRunnable

TOOL: Any = {"type": "function", "function": {"name": "get_weather", "parameters": {}}}


@pytest.mark.filterwarnings("ignore")
def test_two_calls_and_an_answer(server: Server) -> None:
    """The runnable gets its calls, submits their outputs and gets the answer."""
    calls_made = [Call("get_weather", id="call_1"), Call("get_weather", id="call_2")]
    server.turns.extend([Calls(calls_made), Say("Sunny.")])
    client = server.client()
    runnable = OpenAIAssistantRunnable.create_assistant(
        name="Weather", instructions="Be brief.", tools=[TOOL], model="gpt-4o", client=client
    )
    runnable.check_every_ms = 20
    thread_id = client.beta.threads.create().id
    calls: Any = runnable.invoke({"content": "Weather?", "thread_id": thread_id})
    assert [call.id for call in calls] == ["call_1", "call_2"]
    (run,) = client.beta.threads.runs.list(thread_id).data
    outputs = [{"tool_call_id": call.id, "output": "sun"} for call in calls]
    answer: Any = runnable.invoke(
        {"tool_outputs": outputs, "run_id": run.id, "thread_id": thread_id}
    )
    assert answer[0].content[0].text.value == "Sunny."
