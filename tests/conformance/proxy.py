"""Between the SDK's suite and `threadkeep serve`: puts real objects in, and passes answers on."""

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.conformance.stand_ins import Request, StandIns
from tests.serve_process import KEY, PATIENCE

_PIECE = 65_536  # bytes that are read of an answer at once
_HOP = {"connection", "content-length", "host", "transfer-encoding"}  # of one connection only


@contextmanager
def proxy(stand_ins: StandIns) -> Iterator[str]:
    """The base URL for the suite."""
    server = _Server(stand_ins)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, stand_ins: StandIns) -> None:
        self.stand_ins = stand_ins
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _pass_on(self) -> None:
        stand_ins = self.server.stand_ins
        made = stand_ins.put_in(self._asked())
        target = f"/v1{made.path}" + (f"?{made.query}" if made.query else "")
        body = None if made.body is None else json.dumps(made.body)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in _HOP}
        headers["Authorization"] = f"Bearer {KEY}"  # the suite's has blanks
        with closing(http.client.HTTPConnection(stand_ins.serve.host, timeout=PATIENCE)) as to:
            to.request(made.method, target, body, headers)
            self.close_connection = True  # unless the whole answer gets there
            with suppress(ConnectionError):  # the suite leaves streams before their end
                self._answer(to.getresponse())
                self.close_connection = False

    do_GET = do_POST = do_DELETE = _pass_on  # noqa: N815  (the base class's names)

    def _asked(self) -> Request:
        path, _, query = self.path.removeprefix("/v1").partition("?")
        content: Any = self.rfile.read(int(self.headers.get("content-length", 0)))
        return Request(self.command, path, query, json.loads(content) if content else None)

    def _answer(self, answer: http.client.HTTPResponse) -> None:
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _HOP:
                self.send_header(name, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while piece := answer.read1(_PIECE):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (the base class's name)
        """Quiet."""
