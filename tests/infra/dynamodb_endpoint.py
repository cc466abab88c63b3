"""The emulator's tables behind a DynamoDB endpoint, for functions in other processes."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from infra.local.aws.aws_error import AwsError
from infra.local.aws.dynamodb import DynamoDB


@contextmanager
def dynamodb_endpoint(emulator: DynamoDB) -> Iterator[str]:
    """The address of the endpoint."""
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), type("Handler", (_Handler,), {"emulator": emulator})
    )
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    """One call a connection, as HTTP/1.0 has it; `emulator` is set on a subclass."""

    emulator: DynamoDB

    def log_message(self, *_: object) -> None:
        """Nothing is logged."""

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        operation = self.headers["X-Amz-Target"].rpartition(".")[2]
        status, answer = self._call(operation, request)
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _call(self, operation: str, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        try:
            return 200, self.emulator.call(operation, request)
        except AwsError as error:
            return error.status, {"__type": error.code, "message": error.message, **error.fields}
