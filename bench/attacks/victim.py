"""The server under attack: a process whose memory and threads are watched."""

import http.client
import json
import os
import signal
import socket
import subprocess
import threading
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tests.model_server import ModelServer
from tests.serve_process import PATIENCE, models

ATTACKER, OTHER = "sk-attacker", "sk-other"
MOST_MB = 2048  # of memory; beyond it the server is killed
_LOOK = 0.05  # seconds between two looks at it
_ENDED = {"completed", "failed", "expired", "cancelled", "incomplete"}


@dataclass
class Peak:
    """The most that was seen."""

    rss_mb: float = 0
    threads: int = 0


class Victim:
    """The process, which `restart` starts again on the same port with the same data."""

    def __init__(self, command: str, folder: Path, model: ModelServer) -> None:
        self.state = folder / "state"
        self.environment: dict[str, str] = {}
        self.prefix: list[str] = []  # a command that runs the server's
        self.host = f"127.0.0.1:{_free_port()}"
        self.peak = Peak()
        self.killed = ""
        self._argv = [command, "serve", "--port", self.host.partition(":")[2]]
        self._argv += ["--state", str(self.state), *models(folder, model.base_url)]
        self._argv += ["--api-key", f"{ATTACKER}:attacker", "--api-key", f"{OTHER}:other"]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill("the attack is over")

    def start(self) -> None:
        environment = {**os.environ, **self.environment}
        self.process = subprocess.Popen(
            [*self.prefix, *self._argv],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        self._wait_until_up()
        threading.Thread(target=self._watch, args=(self.process,), daemon=True).start()

    def stop(self) -> None:
        """As Ctrl-C; killed if that takes longer than 10 s."""
        self.process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        self.process.kill()
        self.process.wait()

    def kill(self, why: str) -> None:
        if self.process.poll() is None:
            self.killed = why
            self.process.kill()
            self.process.wait()

    def ask(
        self, method: str, path: str, body: object = None, key: str = ATTACKER, patience: float = 90
    ) -> tuple[int, Any]:
        """Status and JSON; on a connection of its own."""
        with closing(http.client.HTTPConnection(self.host, timeout=patience)) as connection:
            text = None if body is None else json.dumps(body)
            connection.request(method, f"/v1{path}", text, {"authorization": f"Bearer {key}"})
            response = connection.getresponse()
            return response.status, json.load(response)

    def new(self, path: str, body: object, key: str = ATTACKER) -> Any:
        """What was created."""
        status, answer = self.ask("POST", path, body, key)
        if status != http.HTTPStatus.OK:
            raise ConnectionError(f"{path} was answered {status}: {answer}")
        return answer

    def new_run(self, assistant_id: str, key: str = ATTACKER, **fields: object) -> Any:
        """A run on a thread of its own."""
        thread = {"messages": [{"role": "user", "content": "Hi"}]}
        return self.new(
            "/threads/runs", {"assistant_id": assistant_id, "thread": thread, **fields}, key
        )

    def assistant(self, key: str = ATTACKER) -> str:
        id_: str = self.new("/assistants", {"model": "gpt-4o"}, key)["id"]
        return id_

    def status(self, run: Any, key: str = ATTACKER) -> str:
        path = f"/threads/{run['thread_id']}/runs/{run['id']}"
        status: str = self.ask("GET", path, key=key)[1]["status"]
        return status

    def ended(self, runs: list[Any], seconds: float, key: str = ATTACKER) -> int:
        """How many of the runs end within so many seconds."""
        left, deadline = list(runs), time.monotonic() + seconds
        while left and time.monotonic() < deadline:
            left = [run for run in left if self.status(run, key) not in _ENDED]
            time.sleep(0.02)
        return len(runs) - len(left)

    def _wait_until_up(self) -> None:
        """By asking: what it says at its start differs between versions."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                self.ask("GET", "/models")
            except ConnectionRefusedError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise
                time.sleep(_LOOK)
            else:
                return

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        status = Path(f"/proc/{process.pid}/status")
        while process.poll() is None:
            with suppress(OSError, KeyError):
                read = dict(line.split(":", 1) for line in status.read_text().splitlines())
                rss_mb = int(read["VmRSS"].split()[0]) / 1024
                self.peak.rss_mb = max(self.peak.rss_mb, rss_mb)
                self.peak.threads = max(self.peak.threads, int(read["Threads"]))
                if rss_mb > MOST_MB:
                    self.kill(f"killed at {MOST_MB} MB")
            time.sleep(_LOOK)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port: int = sock.getsockname()[1]
        return port
