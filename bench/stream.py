"""Streamed runs over real HTTP: what Threadkeep adds to the model's own time, the gaps between
deltas, and how long other requests take beside open streams. The model says a piece every 20 ms
from the moment it is asked, or nothing at all.
"""

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field

from bench.served import Client, served
from bench.timing import median_ms, percentiles, report
from tests.model_server import ModelServer
from tests.model_turns import Answer, Received, Say, Stall, Turn, delta

_PIECES = 150
_BETWEEN = 0.02  # seconds between two pieces: 50 a second
_LONG = 750  # pieces of those that speak while something else is measured
_STREAMS = 50
_SILENT, _SPEAKING = 180, 20  # streams that are open while other requests are timed


@dataclass
class Paced:
    """A turn that notes when it was asked and when its first piece was out."""

    pieces: int = _PIECES
    asked: float = field(default_factory=time.perf_counter)
    first: float = 0.0

    def play(self, answer: Answer) -> None:
        answer.begin(200, {"Content-Type": "text/event-stream"})
        for number in range(self.pieces):
            answer.event(delta(content="word "))
            self.first = self.first or time.perf_counter()
            pause = self.asked + (number + 1) * _BETWEEN - time.perf_counter()
            time.sleep(max(0.0, pause))
        Say("").finish(answer)


class Model:
    """Remembers the turn of each question."""

    def __init__(self) -> None:
        self.turns: dict[str, Paced] = {}

    def turn(self, received: Received) -> Turn:
        question = received.body["messages"][-1]["content"]
        if question == "silence":
            return Stall()
        pieces = _LONG if question.startswith("long") else _PIECES
        return self.turns.setdefault(question, Paced(pieces))


@dataclass
class Times:
    """In milliseconds: until the first delta, without what the model took; between deltas."""

    first: list[float] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)

    def add(self, began: float, turn: Paced, seen: list[float]) -> None:
        self.first.append((seen[0] - began - (turn.first - turn.asked)) * 1000)
        self.gaps += [(b - a) * 1000 for a, b in itertools.pairwise(seen)]


def _body(assistant_id: str, question: str) -> object:
    thread = {"messages": [{"role": "user", "content": question}]}
    return {"assistant_id": assistant_id, "thread": thread, "stream": True}


def _deltas(client: Client, body: object) -> Iterator[float]:
    """When each delta came."""
    response = client.send("POST", "/threads/runs", body)
    while line := response.readline():
        if line == b"event: thread.message.delta\n":
            yield time.perf_counter()


def _stream(host: str, assistant_id: str, model: Model, question: str, times: Times) -> None:
    with closing(Client(host)) as client:
        began = time.perf_counter()
        seen = list(_deltas(client, _body(assistant_id, question)))
    times.add(began, model.turns[question], seen)


def _at_once(host: str, assistant_id: str, model: Model, number: int, name: str) -> Times:
    times = Times()
    threads = [
        threading.Thread(target=_stream, args=(host, assistant_id, model, f"{name} {n}", times))
        for n in range(number)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times


def _beside(host: str, assistant_id: str, model: Model) -> tuple[float, float]:
    """What a GET of a thread takes while streams are open, of which some speak."""
    with ExitStack() as opened:
        client = opened.enter_context(closing(Client(host)))
        for _ in range(_SILENT):
            silent = opened.enter_context(closing(Client(host)))
            silent.send("POST", "/threads/runs", _body(assistant_id, "silence"))
        path = f"/threads/{client.ask('POST', '/threads')['id']}"
        speaking = (host, assistant_id, model, _SPEAKING, "long")
        speakers = threading.Thread(target=_at_once, args=speaking)
        speakers.start()
        figures = median_ms(lambda _: client.ask("GET", path))
        assert speakers.is_alive(), "the streams were over before the requests were"
        speakers.join()
        return figures


def main() -> None:
    model = Model()
    with ModelServer(model.turn) as server, served(server) as host, closing(Client(host)) as client:
        assistant_id = client.ask("POST", "/assistants", {"model": "gpt-4o"})["id"]
        _at_once(host, assistant_id, model, 1, "warm-up")
        alone = Times()
        for number in range(20):
            _stream(host, assistant_id, model, f"alone {number}", alone)
        together = _at_once(host, assistant_id, model, _STREAMS, "together")
        for name, times in (("one stream", alone), (f"{_STREAMS} at once", together)):
            report(f"first delta, {name}", percentiles(times.first))
            report(f"between deltas, {name}", percentiles(times.gaps))
        report("GET, 200 streams open", _beside(host, assistant_id, model))


if __name__ == "__main__":
    main()
