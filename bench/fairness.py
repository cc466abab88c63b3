"""What one project does to another: 400 streams of one are begun at once, or 2,000 of its runs have
a model that never answers. How long does a short run of the other take meanwhile, and a GET?

All over real HTTP. The model of the streams says a piece every 20 ms for a second. Other numbers of
both can be given: `python -m bench.fairness 50 100`.
"""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from bench.served import Client, served
from bench.stream import Paced
from tests.model_server import ModelServer
from tests.model_turns import Received, Say, Stall, Turn

_STREAMS = int((sys.argv[1:] or ["400"])[0])
_STALLED = int((sys.argv[2:] or ["2000"])[0])
_AT_ONCE = 20  # clients that create the runs which stall
_GETS = 100
_SHORT_RUNS = 5
_BETWEEN = 0.5  # seconds between two short runs
_POLL = 0.02  # seconds
_PATIENCE = 300  # seconds
_OTHER = "sk-bench-of-another-project"


def _turn(received: Received) -> Turn:
    question = received.body["messages"][-1]["content"]
    turns: dict[str, Turn] = {"stall": Stall(headers=False), "stream": Paced(50)}
    return turns.get(question, Say())


def _new(client: Client, question: str, *, stream: bool = False) -> object:
    """The body of a run of its own thread."""
    assistant_id = client.ask("POST", "/assistants", {"model": "gpt-4o"})["id"]
    thread = {"messages": [{"role": "user", "content": question}]}
    return {"assistant_id": assistant_id, "thread": thread, "stream": stream}


def _short_run(client: Client, body: object) -> float:
    """Milliseconds until it is completed, or as many as it has lasted when patience ends."""
    began = time.perf_counter()
    run = client.ask("POST", "/threads/runs", body)
    path = f"/threads/{run['thread_id']}/runs/{run['id']}"
    while run["status"] != "completed" and time.perf_counter() - began < _PATIENCE:
        time.sleep(_POLL)
        run = client.ask("GET", path)
    return (time.perf_counter() - began) * 1000


def _get(client: Client, path: str) -> float:
    began = time.perf_counter()
    client.ask("GET", path)
    return (time.perf_counter() - began) * 1000


@contextmanager
def _streams(host: str) -> Iterator[list[float]]:
    """So many streams, begun at once; the list is of the seconds that each has taken."""
    taken: list[float] = []
    with closing(Client(host)) as client:
        body = _new(client, "stream", stream=True)

    def follow() -> None:
        with closing(Client(host)) as client:
            began = time.perf_counter()
            client.send("POST", "/threads/runs", body).read()
            taken.append(time.perf_counter() - began)

    threads = [threading.Thread(target=follow) for _ in range(_STREAMS)]
    for thread in threads:
        thread.start()
    yield taken
    for thread in threads:
        thread.join()


def _stall(host: str, model: ModelServer) -> None:
    """Begin the runs that stall; returns once each has asked its model."""

    def begin() -> None:
        with closing(Client(host)) as client:
            body = _new(client, "stall")
            for _ in range(_STALLED // _AT_ONCE):
                client.ask("POST", "/threads/runs", body)

    threads = [threading.Thread(target=begin) for _ in range(_AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    end = time.monotonic() + _PATIENCE
    while len(model.requests) < _STALLED and time.monotonic() < end:
        time.sleep(0.1)


def _threads(host: str) -> int:
    """How many threads the server has, where /proc tells."""
    port = f":{int(host.rpartition(':')[2]):04X} "
    for line in Path("/proc/net/tcp").read_text().splitlines():
        fields = line.split()
        if port.strip() in fields[1] and fields[3] == "0A":
            return _threads_of(f"socket:[{fields[9]}]")
    return 0


def _threads_of(socket: str) -> int:
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if str(link.readlink()) == socket:
                return len(list((link.parent.parent / "task").iterdir()))
        except OSError:
            continue
    return 0


def _row(name: str, taken: list[float]) -> None:
    ordered = sorted(taken)
    middle, last = ordered[len(ordered) // 2], ordered[-1]
    print(f"{name:<44} {middle:>9,.0f} ms {last:>9,.0f} ms", flush=True)


def main() -> None:
    print(f"{'':<44} {'median':>12} {'slowest':>12}", flush=True)
    with ExitStack() as opened:
        model = opened.enter_context(ModelServer(_turn))
        host = opened.enter_context(served(model, "--api-key", f"{_OTHER}:other"))
        other = opened.enter_context(closing(Client(host, _OTHER)))
        body = _new(other, "short")
        path = f"/threads/{other.ask('POST', '/threads')['id']}"
        _row("a short run, alone", [_short_run(other, body) for _ in range(_SHORT_RUNS)])
        _row("a GET, alone", [_get(other, path) for _ in range(_GETS)])
        with _streams(host) as taken:
            short = []
            for _ in range(_SHORT_RUNS):
                time.sleep(_BETWEEN)
                short.append(_short_run(other, body))
            left = _STREAMS - len(taken)
        _row(f"a short run beside {_STREAMS} streams ({left} left)", short)
        _row(f"each of the {_STREAMS} streams", [each * 1000 for each in taken])
        if not _STALLED:
            return
        began = time.perf_counter()
        _stall(host, model)
        print(f"{_STALLED} runs stall after {time.perf_counter() - began:.0f} s", flush=True)
        _row(f"a GET beside {_STALLED:,} stalled runs", [_get(other, path) for _ in range(_GETS)])
        stalled = [_short_run(other, body) for _ in range(_SHORT_RUNS)]
        _row(f"a short run beside {_STALLED:,} stalled runs", stalled)
        print(f"{'threads of the server':<44} {_threads(host):>9,}", flush=True)


if __name__ == "__main__":
    main()
