"""`python -m bench.durable`: what it costs that nothing acknowledged is lost in a power cut."""

import tempfile
from contextlib import closing
from pathlib import Path

from bench.served import Client
from bench.timing import medians_ms, report
from tests.serve_process import KEY, serving

_HELLO = {"role": "user", "content": "Hello"}


_TIMES = 100  # what the server says of more would fill the pipe that nobody reads


def measured(durable: str) -> dict[str, tuple[float, float]]:
    """Median and 95th percentile of two requests that write."""
    with tempfile.TemporaryDirectory() as name:
        options = ["--api-key", KEY, "--state", name, "--durable", durable]
        with serving(Path(name), *options) as serve, closing(Client(serve.host)) as client:
            assistant = client.ask("POST", "/assistants", {"model": "gpt-4o"})["id"]
            path = f"/threads/{client.ask('POST', '/threads', {})['id']}/messages"
            run = {"assistant_id": assistant, "thread": {"messages": [_HELLO]}}
            calls = {
                "message": lambda _: client.ask("POST", path, _HELLO),
                "thread and run": lambda _: client.ask("POST", "/threads/runs", run),
            }
            return medians_ms(calls, _TIMES)


def main() -> None:
    for durable in ("false", "true"):
        for call, figures in measured(durable).items():
            report(f"durable {durable}: {call}", figures)


if __name__ == "__main__":
    main()
