"""The official SDKs over real HTTP, against the whole system on loopback and a scripted model."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openai
import pytest

from infra.local.aws.gateway import Gateway
from infra.local.server import Local
from tests.fake_clock import RunningClock
from tests.model_server import ModelServer
from tests.model_turns import Call, Calls, Say, Turn
from tests.unit.local.loopback import serving
from threadkeep.providers.catalogue import Catalogue
from threadkeep.providers.openai_chat import OpenAIChat

TOOL: Any = {
    "type": "function",
    "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {}}},
}
TWO_CALLS = Calls(
    [
        Call("get_weather", '{"city": "Bern"}', id="call_1"),
        Call("get_weather", '{"city": "Rome"}', id="call_2"),
    ]
)
POLL = 20  # ms


@dataclass(frozen=True)
class Server:
    """A server that is up, and the model server behind it. `turns` are what that answers next."""

    base_url: str
    models: ModelServer
    local: Local
    turns: list[Turn]
    clock: RunningClock
    open: ExitStack

    def client(self, project: str = "default") -> openai.OpenAI:
        """The unchanged SDK, with a key of this project."""
        key = f"sk-threadkeep-test-{project}"
        self.local.add_key(key, project)
        return self.client_with(key)

    def client_with(self, key: str) -> openai.OpenAI:
        client = openai.OpenAI(base_url=self.base_url, api_key=key, max_retries=0)
        return self.open.enter_context(client)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server of this test's own."""
    clock = RunningClock()
    turns: list[Turn] = []
    with ModelServer(lambda _: turns.pop(0) if turns else Say("Hello")) as models:
        local = Local(tmp_path, Catalogue.of(OpenAIChat(models.base_url)), 600, clock)
        local.start()
        try:
            with serving(Gateway(local.invoke, clock).admit) as port, ExitStack() as opened:
                yield Server(f"http://127.0.0.1:{port}/v1", models, local, turns, clock, opened)
        finally:
            local.stop()


class App:
    """An app with the unchanged SDK: an assistant that has a function, a thread, and one run."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.threads: Any = server.client().beta.threads
        assistants: Any = server.client().beta.assistants
        self.assistant_id = assistants.create(model="gpt-4o", tools=[TOOL]).id
        self.thread_id = self.threads.create(messages=[{"role": "user", "content": "Weather?"}]).id
        self.run: Any = None

    def create_and_poll(self) -> None:
        self.run = self.threads.runs.create_and_poll(
            thread_id=self.thread_id, assistant_id=self.assistant_id, poll_interval_ms=POLL
        )

    def submit_and_poll(self) -> None:
        self.run = self.threads.runs.submit_tool_outputs_and_poll(
            **self.outputs(), poll_interval_ms=POLL
        )

    def outputs(self) -> dict[str, Any]:
        """Whose and what to submit: an output for each call that the run waits for."""
        calls = self.run.required_action.submit_tool_outputs.tool_calls
        outputs = [{"tool_call_id": call.id, "output": call.function.arguments} for call in calls]
        return {"run_id": self.run.id, "thread_id": self.thread_id, "tool_outputs": outputs}

    def cancel(self) -> None:
        self.threads.runs.cancel(self.run.id, thread_id=self.thread_id)

    def kept(self, id_: str) -> Any:
        """What REST returns of the thread, or of a message, the run or a step in it."""
        threads, within = self.threads, {"thread_id": self.thread_id}
        retrieve = {
            "thread": threads.retrieve,
            "msg": lambda id_: threads.messages.retrieve(id_, **within),
            "run": lambda id_: threads.runs.retrieve(id_, **within),
            "step": lambda id_: threads.runs.steps.retrieve(id_, run_id=self.run.id, **within),
        }
        return retrieve[id_.partition("_")[0]](id_).to_dict()


@pytest.fixture
def app(server: Server) -> App:
    return App(server)
