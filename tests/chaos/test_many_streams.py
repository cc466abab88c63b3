"""Many streams are open over real HTTP: each has its own, and nobody waits for another."""

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from infra.local.aws.gateway import Gateway
from infra.local.server import Local
from tests.chat import asked
from tests.scripted_provider import USAGE
from tests.unit.local.loopback import serving
from threadkeep.domain.clock import SystemClock
from threadkeep.providers.catalogue import Catalogue
from threadkeep.providers.port import ChatRequest, Chunk, Finished, Text

SILENT, SPEAKING = 180, 20
KEY = "sk-test-of-many"
_PATIENCE = 30  # seconds after which something is stuck
_BETWEEN = 0.25  # seconds between two words


class Crowd:
    """A model that does as the question says: be silent, or speak, until `release`; or answer."""

    def __init__(self) -> None:
        self._turns: list[Turn] = []

    def start(self, request: ChatRequest) -> "Turn":
        turn = Turn(str(asked(request)[-1]["content"]))
        self._turns.append(turn)
        return turn

    def release(self) -> None:
        """Let everybody come to an end."""
        for turn in self._turns:
            turn.stop()


class Turn:
    """A turn of the crowd's."""

    def __init__(self, question: str) -> None:
        self._question = question
        self._stopped = threading.Event()

    def __iter__(self) -> Iterator[Chunk]:
        if self._question == "silent":
            self._stopped.wait()
        while self._question == "speak" and not self._stopped.wait(_BETWEEN):
            yield Text("word ")
        yield Text("done")
        yield Finished("stop", USAGE)

    def stop(self) -> None:
        self._stopped.set()


class Client:
    """Requests to a server, each on a connection of its own."""

    def __init__(self, port: int, opened: ExitStack) -> None:
        self._port = port
        self._opened = opened

    def ask(self, method: str, path: str, body: object = None) -> Any:
        with self._send(method, path, body) as response:
            assert response.status == 200
            return json.load(response)

    def stream(self, question: str, assistant_id: str) -> "Stream":
        thread = {"messages": [{"role": "user", "content": question}]}
        body = {"assistant_id": assistant_id, "thread": thread, "stream": True}
        return Stream(self._send("POST", "/threads/runs", body))

    def _send(self, method: str, path: str, body: object) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_PATIENCE)
        self._opened.callback(connection.close)
        headers = {"authorization": f"Bearer {KEY}"}
        connection.request(method, f"/v1{path}", json.dumps(body) if body else None, headers)
        return connection.getresponse()


class Stream:
    """A stream, read event by event."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        assert response.status == 200
        self._response = response
        self.run = json.loads(self.until("thread.run.created").partition(b"data: ")[2])

    def until(self, event: str) -> bytes:
        """The data line of the next event of this name."""
        while line := self._response.readline():
            if line == f"event: {event}\n".encode():
                return self._response.readline()
        raise AssertionError(f"the stream ended before {event}")


@pytest.fixture
def crowd() -> Iterator[Crowd]:
    crowd = Crowd()
    yield crowd
    crowd.release()


@pytest.fixture
def client(tmp_path: Path, crowd: Crowd) -> Iterator[Client]:
    clock = SystemClock()
    local = Local(tmp_path, Catalogue.of(crowd), 600, clock)
    local.add_key(KEY, "acme")
    local.start()
    try:
        with serving(Gateway(local.invoke, clock).admit) as port, ExitStack() as opened:
            yield Client(port, opened)
    finally:
        local.stop()


def test_200_open_streams(client: Client, crowd: Crowd) -> None:
    """180 say nothing, 20 speak, and other requests, runs and streams get through; then each of
    the 200 is told its own end.
    """
    assistant_id = client.ask("POST", "/assistants", {"model": "gpt-4o"})["id"]
    silent = [client.stream("silent", assistant_id) for _ in range(SILENT)]
    speaking = [client.stream("speak", assistant_id) for _ in range(SPEAKING)]
    for stream in speaking:
        stream.until("thread.message.delta")
    other = client.stream("answer", assistant_id)
    assert b'"completed"' in other.until("thread.run.completed")
    thread = {"messages": [{"role": "user", "content": "answer"}]}
    run = client.ask("POST", "/threads/runs", {"assistant_id": assistant_id, "thread": thread})
    path = f"/threads/{run['thread_id']}/runs/{run['id']}"
    while run["status"] in ("queued", "in_progress"):
        run = client.ask("GET", path)
    assert run["status"] == "completed"
    for stream in speaking:
        stream.until("thread.message.delta")
    crowd.release()
    for stream in [*speaking, *silent]:
        assert stream.run["id"].encode() in stream.until("thread.run.completed")
