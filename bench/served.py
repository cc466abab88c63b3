"""`threadkeep serve` in a process of its own, and requests to it over real HTTP."""

import http.client
import json
import tempfile
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.model_server import ModelServer
from tests.serve_process import KEY, models, serving

_PATIENCE = 60  # seconds after which something is stuck


class Client:
    """A client that keeps its connection, as SDKs do."""

    def __init__(self, host: str, key: str = KEY) -> None:
        self._connection = http.client.HTTPConnection(host, timeout=_PATIENCE)
        self._key = key

    def send(self, method: str, path: str, body: object = None) -> http.client.HTTPResponse:
        """The answer, which must be read to its end before the next request."""
        headers = {"authorization": f"Bearer {self._key}"}
        text = json.dumps(body) if body is not None else None
        self._connection.request(method, f"/v1{path}", text, headers)
        response = self._connection.getresponse()
        assert response.status == http.HTTPStatus.OK, response.read()
        return response

    def ask(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        answer: dict[str, Any] = json.load(self.send(method, path, body))
        return answer

    def close(self) -> None:
        self._connection.close()


@contextmanager
def served(model: ModelServer, *more: str) -> Iterator[str]:
    """The host and port of a server that asks this model; `more` are options."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        options = ["--api-key", KEY, "--state", name, *models(folder, model.base_url), *more]
        with serving(folder, *options) as serve:
            assert serve.process.stdout
            # Its log is read, or it would wait for a reader.
            threading.Thread(target=deque, args=(serve.process.stdout, 0), daemon=True).start()
            yield serve.host
