"""What the tests of the providers share: a request, and an answer read to its end."""

import queue
import threading

from tests.chat import prompt
from tests.model_server import ModelServer
from tests.model_turns import Script
from threadkeep.providers.openai_chat import OpenAIChat
from threadkeep.providers.port import ChatRequest, Chunk, Failed, ModelCall, Text

PATIENCE = 20.0  # real seconds until a wait for what never comes fails its test
PROMPT = "What is the colour of the canary in the cage?"


def request(content: object = PROMPT) -> ChatRequest:
    messages = prompt(
        {"role": "system", "content": "You are brief."}, {"role": "user", "content": content}
    )
    return ChatRequest("scripted", messages, temperature=1.0, top_p=1.0)


def text(chunks: list[Chunk]) -> str:
    return "".join(chunk.value for chunk in chunks if isinstance(chunk, Text))


def answer(script: Script, content: object = PROMPT) -> list[Chunk]:
    """All chunks of one turn of a server with this script."""
    with ModelServer(script) as server:
        return list(OpenAIChat(server.base_url, read_timeout=20).start(request(content)))


def failure(script: Script, content: object = PROMPT) -> Failed:
    """How the turn failed, before it said anything."""
    [failed] = answer(script, content)
    assert isinstance(failed, Failed)
    return failed


class Reader:
    """Reads a call in a thread of its own."""

    def __init__(self, call: ModelCall) -> None:
        self._call = call
        self._chunks: queue.Queue[Chunk] = queue.Queue()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        for chunk in self._call:
            self._chunks.put(chunk)

    def next(self) -> Chunk:
        return self._chunks.get(timeout=PATIENCE)

    def rest(self) -> list[Chunk]:
        """What it read until its end."""
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), "the stop did not wake the reader"
        return list(self._chunks.queue)
