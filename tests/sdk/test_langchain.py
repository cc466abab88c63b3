"""LangChain's assistant runnable, unchanged."""

import warnings
from typing import Any

import pytest

from tests.model_turns import Call, Say
from tests.sdk.conftest import POLL, TOOL, TWO_CALLS, Server

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what it warns of at import is its own affair
    from langchain_classic.agents.openai_assistant import OpenAIAssistantRunnable


@pytest.mark.filterwarnings("ignore")
def test_two_rounds_with_parallel_calls(server: Server) -> None:
    """The runnable gets its calls and submits their outputs, twice, and gets the answer."""
    server.turns.extend([TWO_CALLS, Call("get_weather", id="call_3"), Say("Sunny.")])
    client = server.client()
    runnable = OpenAIAssistantRunnable.create_assistant(
        name="Weather", instructions="Be brief.", tools=[TOOL], model="gpt-4o", client=client
    )
    runnable.check_every_ms = POLL
    thread_id = client.beta.threads.create().id
    answer: Any = runnable.invoke({"content": "Weather?", "thread_id": thread_id})
    for ids in (["call_1", "call_2"], ["call_3"]):
        assert [call.id for call in answer] == ids
        outputs = [{"tool_call_id": id_, "output": "sun"} for id_ in ids]
        (run,) = client.beta.threads.runs.list(thread_id).data
        answer = runnable.invoke(
            {"tool_outputs": outputs, "run_id": run.id, "thread_id": thread_id}
        )
    assert answer[0].content[0].text.value == "Sunny."
