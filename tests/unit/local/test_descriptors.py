"""Descriptors: clients get a part of them, whatever they do."""

import json
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from tests.model_server import ModelServer
from tests.model_turns import Say, Stall, Turn
from tests.serve_process import KEY, PATIENCE, models, serving


class Kept:
    """One connection that stays."""

    def __init__(self, host: str) -> None:
        self._connection = HTTPConnection(host, timeout=PATIENCE)

    def ask(self, method: str, path: str, body: object = None) -> Any:
        headers = {"authorization": f"Bearer {KEY}"}
        sent = json.dumps(body) if body is not None else None
        self._connection.request(method, f"/v1{path}", sent, headers)
        response = self._connection.getresponse()
        answer = json.load(response)
        assert response.status == 200, answer
        return answer

    def run(self, assistant_id: str) -> Any:
        messages = [{"role": "user", "content": "Hi"}]
        body = {"assistant_id": assistant_id, "thread": {"messages": messages}}
        return self.ask("POST", "/threads/runs", body)

    def close(self) -> None:
        self._connection.close()

    def end(self, run: Any) -> str:
        while run["status"] in ("queued", "in_progress"):
            run = self.ask("GET", f"/threads/{run['thread_id']}/runs/{run['id']}")
        return str(run["status"])


@pytest.mark.promise("18.14")
def test_runs_go_on_while_nobody_can_connect(tmp_path: Path) -> None:
    """With all connections taken, runs that were waiting for their model end, and new ones begin
    and end; the log has one line about it.
    """
    turns: list[Turn] = [*[Stall()] * 5, *[Say()] * 5]
    with (
        ModelServer(turns) as model,
        serving(
            tmp_path, "--api-key", KEY, *models(tmp_path, model.base_url), descriptors=96
        ) as serve,
        ExitStack() as opened,
    ):
        kept = opened.enter_context(closing(Kept(serve.host)))
        assistant = kept.ask("POST", "/assistants", {"model": "gpt-4o"})["id"]
        waiting = [kept.run(assistant) for _ in range(5)]
        model.wait_for_requests(5)
        host, _, port = serve.host.partition(":")
        for _ in range(200):
            client = opened.enter_context(socket.create_connection((host, int(port)), PATIENCE))
            client.sendall(b"GET / HTTP/1.1\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 503 ")
        assert [kept.end(kept.run(assistant)) for _ in range(5)] == ["completed"] * 5
        model.release()
        assert [kept.end(run) for run in waiting] == ["completed"] * 5
        code, out, _ = serve.end(signal.SIGTERM)
    assert code == 0
    assert out.count("connections are taken") == 1
    assert "Traceback" not in out


@pytest.mark.parametrize(
    ("limits", "connections"),
    [("64", 8), ("1024", 325), ("4096", 1349), ("4096 && ulimit -S -n 256", 1349)],
)
def test_a_third_of_the_descriptors_is_for_connections(limits: str, connections: int) -> None:
    """And the soft limit is raised as far as the hard one allows."""
    program = "from infra.local.http.descriptors import connections; print(connections())"
    argv = ["sh", "-c", f'ulimit -n {limits} && exec "$@"', "sh", sys.executable, "-c", program]
    done = subprocess.run(argv, check=True, capture_output=True, text=True)
    assert int(done.stdout) == connections
