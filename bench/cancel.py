"""Cancelling a run whose model has stalled: from the request until the run is `cancelled`, seen by
polling every 10 ms.
"""

import time
from contextlib import closing

from bench.served import Client, served
from bench.timing import percentiles, report
from tests.model_server import ModelServer
from tests.model_turns import Stall

_RUNS = 20
_POLL = 0.01  # seconds
_LIMIT = 1500  # milliseconds


def _cancelled(client: Client, model: ModelServer, assistant_id: str) -> float:
    """Milliseconds."""
    requests = len(model.requests)
    thread = {"messages": [{"role": "user", "content": "Hi"}]}
    run = client.ask("POST", "/threads/runs", {"assistant_id": assistant_id, "thread": thread})
    model.wait_for_requests(requests + 1)
    path = f"/threads/{run['thread_id']}/runs/{run['id']}"
    began = time.perf_counter()
    client.ask("POST", f"{path}/cancel")
    while client.ask("GET", path)["status"] != "cancelled":
        time.sleep(_POLL)
    return (time.perf_counter() - began) * 1000


def main() -> None:
    turns = {"silent from the start": Stall(headers=False), "after a first piece": Stall("So far")}
    for name, turn in turns.items():
        with ModelServer(turn) as model, served(model) as host, closing(Client(host)) as client:
            assistant_id = client.ask("POST", "/assistants", {"model": "gpt-4o"})["id"]
            taken = [_cancelled(client, model, assistant_id) for _ in range(_RUNS)]
        report(f"cancel, {name}", percentiles(taken))
        assert max(taken) < _LIMIT, f"the slowest took {max(taken):.0f} ms"


if __name__ == "__main__":
    main()
