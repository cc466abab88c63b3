"""An emulated Lambda Runtime API over HTTP, and environments that take their invocations from it.

What comes of an invocation is told at the moment it arrives, piece by piece.
"""

import json
import os
import queue
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

PATIENCE = 20  # seconds after which something is stuck: no test is fast or slow by it
TIMEOUT = 900  # seconds that an invocation may take
# Where a layer may have the packages of one Python.
PACKAGES = f"python/lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
_BASE = "/2018-06-01/runtime"

Headers = Mapping[str, str]
T = TypeVar("T")


@dataclass(frozen=True)
class Begun:
    """The headers of a response came."""

    headers: Headers


@dataclass(frozen=True)
class Ended:
    """A response came to its end."""

    trailers: Headers


@dataclass(frozen=True)
class Failed:
    """An error was reported in the place of a response."""

    headers: Headers
    error: Mapping[str, Any]


@dataclass(frozen=True)
class Told:
    """What is told of one invocation, in order. After `cut_after` pieces the Runtime API hangs up,
    as if the client had left.
    """

    cut_after: int | None = None
    news: "queue.Queue[Begun | bytes | Ended | Failed]" = field(default_factory=queue.Queue)

    def begun(self) -> Headers:
        return self._next(Begun).headers

    def piece(self) -> bytes:
        return self._next(bytes)

    def prelude(self) -> tuple[int, Headers]:
        """Status and headers; nothing else is in the first piece."""
        head, separator, rest = self.piece().partition(bytes(8))
        assert (separator, rest) == (bytes(8), b"")
        told = json.loads(head)
        assert set(told) == {"statusCode", "headers"}
        return told["statusCode"], told["headers"]

    def ended(self) -> Headers:
        return self._next(Ended).trailers

    def failed(self) -> Failed:
        return self._next(Failed)

    def whole(self) -> tuple[int, Headers, bytes]:
        """Status, headers and body of a response that ends well."""
        self.begun()
        status, headers = self.prelude()
        body = b""
        while isinstance(found := self.news.get(timeout=PATIENCE), bytes):
            body += found
        assert found == Ended({})
        return status, headers, body

    def _next(self, kind: type[T]) -> T:
        found = self.news.get(timeout=PATIENCE)
        assert isinstance(found, kind), found
        return found


class RuntimeApi:
    """The Runtime API of one environment."""

    def __init__(self) -> None:
        self.events: queue.Queue[tuple[str, str, str | None] | None] = queue.Queue()
        self.told: dict[str, Told] = {}
        self.init_failed: queue.Queue[Failed] = queue.Queue()

    def invoke(
        self, event: object, *, cut_after: int | None = None, trace_id: str | None = None
    ) -> Told:
        """Have the environment invoked as soon as it asks for it."""
        id_ = str(uuid.uuid4())
        self.told[id_] = told = Told(cut_after)
        self.events.put((id_, json.dumps(event), trace_id))
        return told

    def call(self, **event: object) -> Any:
        """The JSON that the function answers to a request with these fields."""
        return json.loads(self.invoke({"httpMethod": "GET", **event}).whole()[2])


class _Handler(BaseHTTPRequestHandler):
    """Speaks the protocol; `api` is set on a subclass."""

    protocol_version = "HTTP/1.1"
    api: RuntimeApi

    def log_message(self, *_: object) -> None:
        """Nothing is logged."""

    def do_GET(self) -> None:
        assert self.path == f"{_BASE}/invocation/next"
        invocation = self.api.events.get()
        if invocation is None:
            self.close_connection = True
            return
        id_, event, trace_id = invocation
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": id_,
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + TIMEOUT) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-west-1:1:function:tested",
        }
        if trace_id:
            headers["Lambda-Runtime-Trace-Id"] = trace_id
        self._answer(200, headers, event.encode())

    def do_POST(self) -> None:
        parts = self.path.removeprefix(f"{_BASE}/").split("/")
        if parts[-1] == "response":
            self._response(self.api.told[parts[1]])
            return
        error = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        failed = Failed(dict(self.headers), error)
        if parts == ["init", "error"]:
            self.api.init_failed.put(failed)
        else:
            assert (parts[0], parts[2]) == ("invocation", "error")
            self.api.told[parts[1]].news.put(failed)
        self._answer(202)

    def _response(self, told: Told) -> None:
        told.news.put(Begun(dict(self.headers)))
        pieces = 0
        while size := int(self.rfile.readline(), 16):
            told.news.put(self.rfile.read(size))
            assert self.rfile.readline() == b"\r\n"
            pieces += 1
            if pieces == told.cut_after:
                self.close_connection = True
                return
        trailers = {}
        while line := self.rfile.readline().decode().strip():
            name, _, value = line.partition(": ")
            trailers[name] = value
        self._answer(202)
        told.news.put(Ended(trailers))

    def _answer(self, status: int, headers: Headers | None = None, body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@dataclass(frozen=True)
class Environment:
    """A process that serves a function, as Lambda starts it."""

    api: RuntimeApi
    process: "subprocess.Popen[bytes]"
    log: Path

    def let_go(self) -> None:
        """Have the function make its next chunk: it waits for a byte."""
        assert self.process.stdin
        self.process.stdin.write(b".")
        self.process.stdin.flush()


@contextmanager
def environment(
    layers: Path, task: Path, handler: str, log: Path, variables: Mapping[str, str] | None = None
) -> Iterator[Environment]:
    """An environment whose `/opt` is `layers` and whose `/var/task` is `task`.

    Python sees its standard library and what the runtime puts on its path, nothing else.
    """
    with _serving() as (api, address):
        command = [str(layers / "stream"), sys.executable, "-S", "/var/runtime/bootstrap.py"]
        given = {
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
            "AWS_LAMBDA_FUNCTION_NAME": "tested",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_RUNTIME_API": address,
            "LAMBDA_TASK_ROOT": str(task),
            "PATH": os.environ["PATH"],
            "_HANDLER": handler,
        }
        with (
            log.open("wb") as said,
            subprocess.Popen(
                command,
                cwd=task,
                env={**given, **(variables or {})},
                stdin=subprocess.PIPE,
                stdout=said,
                stderr=said,
            ) as process,
        ):
            try:
                yield Environment(api, process, log)
            finally:
                process.kill()


@contextmanager
def _serving() -> Iterator[tuple[RuntimeApi, str]]:
    api = RuntimeApi()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"api": api}))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield api, f"127.0.0.1:{server.server_port}"
    finally:
        api.events.put(None)
        server.shutdown()
        thread.join()
        server.server_close()
