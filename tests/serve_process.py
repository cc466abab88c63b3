"""A real `threadkeep serve` in a process of its own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

PATIENCE = 30  # seconds after which something is stuck
KEY = "sk-test-of-serve"


class Serve:
    """The process, once it has said where it is."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.said: list[str] = []
        assert process.stdout
        for line in process.stdout:
            self.said.append(line)
            if line.startswith("print("):
                break
        base_url = next((line.split()[1] for line in self.said if "base_url" in line), "")
        self.base_url = base_url
        self.host = base_url.removeprefix("http://").removesuffix("/v1")

    def post(self, path: str, body: object) -> dict[str, Any]:
        return self._ask("POST", path, json.dumps(body))

    def get(self, path: str) -> dict[str, Any]:
        return self._ask("GET", path, None)

    def _ask(self, method: str, path: str, body: str | None) -> dict[str, Any]:
        connection = HTTPConnection(self.host, timeout=PATIENCE)
        try:
            headers = {"authorization": f"Bearer {KEY}"}
            connection.request(method, f"/v1{path}", body, headers)
            response = connection.getresponse()
            assert response.status == 200
            answer: dict[str, Any] = json.load(response)
            return answer
        finally:
            connection.close()

    def kill(self) -> None:
        """As kill -9: nothing of it runs any more."""
        self.process.kill()
        self.process.wait()

    def end(self, number: signal.Signals) -> tuple[int, str, str]:
        """Exit code, what else was on stdout, and stderr."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, out, err


@contextmanager
def serving(temporary: Path, *options: str, descriptors: int | None = None) -> Iterator[Serve]:
    """The process; it has no more than so many file descriptors."""
    command = str(Path(sys.executable).with_name("threadkeep"))
    argv = [command, "serve", "--port", "0", *options]
    if descriptors is not None:
        argv = ["sh", "-c", f'ulimit -n {descriptors} && exec "$@"', "sh", *argv]
    environment = {**os.environ, "TMPDIR": str(temporary), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            yield Serve(process)
        finally:
            process.kill()


def models(folder: Path, base_url: str) -> Sequence[str]:
    file = folder / "models.toml"
    file.write_text(f'[[model]]\nmatch = "*"\nprovider = "openai"\nbase_url = "{base_url}"\n')
    return "--models", str(file)
