"""The whole chain: an app's request, the system, and a model server over real HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.model_server import ModelServer
from tests.model_turns import Turn
from tests.scripted_provider import WEATHER
from tests.system import System, running
from threadkeep.providers.catalogue import Catalogue
from threadkeep.providers.openai_chat import OpenAIChat

_PATIENT = 0.5  # fake seconds that pass with every look while the provider is tried again
Run = dict[str, Any]


class Chain:
    """The system in front of a model server."""

    def __init__(self, system: System, server: ModelServer, turns: list[Turn]) -> None:
        self.system = system
        self.server = server
        self._turns = turns

    def answers(self, *turns: Turn) -> None:
        """What the model server answers next; the last turn again and again."""
        self._turns[:] = turns

    def run(self, *turns: Turn, **fields: Any) -> Run:
        """A run, answered by these turns, once it is over or waits."""
        self.answers(*turns)
        return self.ran(self.system.new_run("Hi", **{"tools": [WEATHER], **fields}))

    def ran(self, run: Run) -> Run:
        """The run once it is over or waits."""
        still = {"queued", "in_progress"}
        self.system.until(lambda: self.system.stored(run) not in still, moving=_PATIENT)
        return self.system.seen(run)

    def answer(self, run: Run) -> tuple[str, Any, str]:
        """Status, why it is incomplete, and text of the run's message."""
        message = self.system.messages(run)[-1]
        assert message["run_id"] == run["id"]
        reason = message["incomplete_details"] and message["incomplete_details"]["reason"]
        return message["status"], reason, message["content"][0]["text"]["value"]


@contextmanager
def chained(state: Path) -> Iterator[Chain]:
    turns: list[Turn] = []
    with ModelServer(lambda _: turns.pop(0) if turns[1:] else turns[0]) as server:
        catalogue = Catalogue.of(OpenAIChat(server.base_url))
        with running(state, catalogue=catalogue) as system:
            yield Chain(system, server, turns)
