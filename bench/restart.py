"""kill -9 of the server amid runs: from its new start until all of them are going again."""

import tempfile
import time
from contextlib import closing
from pathlib import Path

from bench.served import Client
from bench.timing import percentiles, report
from tests.model_server import ModelServer
from tests.model_turns import Stall
from tests.serve_process import KEY, models, serving

_RUNS = 20
_TIMES = 10
_LIMIT = 5000  # milliseconds


def _restarted(folder: Path, model: ModelServer) -> float:
    """Milliseconds from the start of the process to the last run that asks its model again."""
    options = ["--api-key", KEY, "--state", str(folder), *models(folder, model.base_url)]
    thread = {"messages": [{"role": "user", "content": "Hi"}]}
    with serving(folder, *options) as serve, closing(Client(serve.host)) as client:
        assistant_id = client.ask("POST", "/assistants", {"model": "gpt-4o"})["id"]
        for _ in range(_RUNS):
            client.ask("POST", "/threads/runs", {"assistant_id": assistant_id, "thread": thread})
        model.wait_for_requests(_RUNS)
        serve.kill()
    began = time.perf_counter()
    with serving(folder, *options):
        model.wait_for_requests(2 * _RUNS)
        return (time.perf_counter() - began) * 1000


def main() -> None:
    taken = []
    for _ in range(_TIMES):
        with tempfile.TemporaryDirectory() as name, ModelServer(Stall("So far")) as model:
            taken.append(_restarted(Path(name), model))
    report(f"restart, {_RUNS} runs", percentiles(taken))
    assert max(taken) < _LIMIT, f"the slowest took {max(taken):.0f} ms"


if __name__ == "__main__":
    main()
