"""The official SDKs over real HTTP, against the whole system on loopback and a scripted model."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import openai
import pytest

from infra.local.gateway import Gateway
from infra.local.server import Local
from tests.model_server import ModelServer
from tests.model_turns import Say, Turn
from tests.unit.local.loopback import serving
from threadkeep.domain.clock import SystemClock
from threadkeep.providers.catalogue import Catalogue
from threadkeep.providers.openai_chat import OpenAIChat


@dataclass(frozen=True)
class Server:
    """A server that is up, and the model server behind it. `turns` are what that answers next."""

    base_url: str
    models: ModelServer
    local: Local
    turns: list[Turn]
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
    clock = SystemClock()
    turns: list[Turn] = []
    with ModelServer(lambda _: turns.pop(0) if turns else Say("Hello")) as models:
        local = Local(tmp_path, Catalogue.of(OpenAIChat(models.base_url)), 600, clock)
        local.start()
        try:
            with serving(Gateway(local.invoke, clock).answer) as port, ExitStack() as opened:
                yield Server(f"http://127.0.0.1:{port}/v1", models, local, turns, opened)
        finally:
            local.stop()
