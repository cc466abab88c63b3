"""Azure's clients, unchanged: they are told an endpoint and a key, and send a date of the API."""

from collections.abc import Iterator
from typing import Any

import openai
import pytest

from tests.model_turns import Call, Say
from tests.sdk.conftest import POLL, TOOL, TWO_CALLS, Server
from tests.sdk.test_node import drive

VERSION = "2024-05-01-preview"


@pytest.fixture(params=["", "/v1"], ids=["the server's root", "the stage"])
def client(server: Server, request: pytest.FixtureRequest) -> Iterator[openai.AzureOpenAI]:
    """`AzureOpenAI` with either address: a machine's has no path, a deployed stage's has one."""
    endpoint = server.base_url.removesuffix("/v1") + request.param
    key = server.client().api_key
    with openai.AzureOpenAI(
        azure_endpoint=endpoint, api_key=key, api_version=VERSION, max_retries=0
    ) as client:
        yield client


@pytest.mark.promise("1.18")
def test_a_run_with_tools(client: openai.AzureOpenAI, server: Server) -> None:
    """Polled, with two calls, their outputs and an answer."""
    server.turns.extend([TWO_CALLS, Say("Sunny.")])
    beta: Any = client.beta
    assistant = beta.assistants.create(model="my-deployment", tools=[TOOL])
    thread = beta.threads.create(messages=[{"role": "user", "content": "Weather?"}])
    within = {"thread_id": thread.id, "poll_interval_ms": POLL}
    run = beta.threads.runs.create_and_poll(assistant_id=assistant.id, **within)
    calls = run.required_action.submit_tool_outputs.tool_calls
    outputs = [{"tool_call_id": call.id, "output": "22"} for call in calls]
    run = beta.threads.runs.submit_tool_outputs_and_poll(
        run_id=run.id, tool_outputs=outputs, **within
    )
    assert run.status == "completed"
    messages = beta.threads.messages.list(thread.id, limit=1)
    assert messages.data[0].content[0].text.value == "Sunny."
    assert len(list(beta.threads.messages.list(thread.id, limit=1))) == 2


@pytest.mark.promise("1.18")
def test_a_stream(client: openai.AzureOpenAI) -> None:
    """It is told as to everybody else."""
    beta: Any = client.beta
    assistant = beta.assistants.create(model="my-deployment")
    thread = beta.threads.create(messages=[{"role": "user", "content": "Hi"}])
    with beta.threads.runs.stream(thread_id=thread.id, assistant_id=assistant.id) as stream:
        assert "".join(stream.text_deltas) == "Hello"


@pytest.mark.promise("1.18", "18.6", "18.2")
def test_errors(client: openai.AzureOpenAI) -> None:
    """They are those of the other door."""
    threads: Any = client.beta.threads
    with pytest.raises(openai.NotFoundError, match="No thread found with id 'thread_1'"):
        threads.retrieve("thread_1")
    with pytest.raises(openai.AuthenticationError, match="Incorrect API key provided: sk-wr"):
        client.with_options(api_key="sk-wrong-key-0000").models.list()
    with pytest.raises(openai.NotFoundError, match="is not supported yet"):
        client.files.list()


@pytest.mark.promise("1.18")
def test_node(server: Server) -> None:
    """`AzureOpenAI` of the Node SDK."""
    server.turns.extend([TWO_CALLS, Call("get_weather", id="call_3"), Say("Sunny.")])
    told = drive(server, "polling", AZURE_VERSION=VERSION)
    assert told == {"rounds": [2, 1], "status": "completed"}
