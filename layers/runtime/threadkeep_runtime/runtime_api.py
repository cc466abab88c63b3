"""Lambda's Runtime API: the next invocation, and what came of it.

Every call has a connection of its own: the environment is frozen between invocations, and one that
was kept could be dead without a sign. Nothing is tried again; to try again is up to Lambda.
"""

import base64
import json
import traceback
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from email.message import Message
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Any

_BASE = "/2018-06-01/runtime"
_ERROR_TYPE = "Lambda-Runtime-Function-Error-Type"
_ERROR_BODY = "Lambda-Runtime-Function-Error-Body"
_STREAMED = {
    "Lambda-Runtime-Function-Response-Mode": "streaming",
    "Content-Type": "application/vnd.awslambda.http-integration-response",
    "Transfer-Encoding": "chunked",
    "Trailer": f"{_ERROR_TYPE}, {_ERROR_BODY}",
}


class NobodyWaits(Exception):
    """The Runtime API takes no more of a response: whoever waited for it has left."""


@dataclass(frozen=True)
class NextInvocation:
    """An event, and what the Runtime API says about it. `deadline` is in Unix milliseconds."""

    id: str
    event: Any = field(repr=False)
    deadline: int
    function_arn: str
    trace_id: str | None


class RuntimeApi:
    """The Runtime API at `address`, host and port."""

    def __init__(self, address: str) -> None:
        self._address = address

    def next(self) -> NextInvocation:
        """Waits for an invocation for as long as it takes."""
        headers, body = self._call("GET", "/invocation/next")
        return NextInvocation(
            id=headers["Lambda-Runtime-Aws-Request-Id"],
            event=json.loads(body),
            deadline=int(headers["Lambda-Runtime-Deadline-Ms"]),
            function_arn=headers["Lambda-Runtime-Invoked-Function-Arn"],
            trace_id=headers["Lambda-Runtime-Trace-Id"],
        )

    def respond(self, invocation: str, chunks: Iterable[bytes]) -> Exception | None:
        """Sends each chunk as soon as it is made. The error that ended them early, if one did: it
        goes out as a trailer. Raises NobodyWaits when there is no point in making more.
        """
        with closing(self._connection()) as connection:
            connection.putrequest("POST", f"{_BASE}/invocation/{invocation}/response")
            for name, value in _STREAMED.items():
                connection.putheader(name, value)
            connection.endheaders()
            error = _send_all(connection, chunks)
            _finish(connection, error)
            return error

    def fail(self, invocation: str, error: Exception) -> None:
        """The function failed before the first byte of its response."""
        self._fail(f"/invocation/{invocation}/error", error, described(error))

    def fail_init(self, error: Exception) -> None:
        """Nothing can be invoked."""
        self._fail("/init/error", error, described(error, str(error)))

    def _fail(self, path: str, error: Exception, description: Mapping[str, Any]) -> None:
        headers = {"Content-Type": "application/json", _ERROR_TYPE: type(error).__name__}
        self._call("POST", path, json.dumps(description), headers)

    def _call(
        self, method: str, path: str, body: str | None = None, headers: Mapping[str, str] = {}
    ) -> tuple[Message, bytes]:
        with closing(self._connection()) as connection:
            connection.request(method, _BASE + path, body, headers)
            response = connection.getresponse()
            if response.status >= HTTPStatus.BAD_REQUEST:
                raise HTTPException(f"{path}: {response.status}")
            return response.headers, response.read()

    def _connection(self) -> HTTPConnection:
        return HTTPConnection(self._address)


def described(error: Exception, message: str = "") -> dict[str, Any]:
    """Type and places. Its own message might hold what a user wrote, and this is logged."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    message = message or f"at {places[-1] if places else 'an unknown place'}"
    return {"errorType": type(error).__name__, "errorMessage": message, "stackTrace": places}


def _send_all(connection: HTTPConnection, chunks: Iterable[bytes]) -> Exception | None:
    try:
        for chunk in chunks:
            if chunk:  # an empty one would be the end
                _send(connection, b"%x\r\n%b\r\n" % (len(chunk), chunk))
    except NobodyWaits:
        raise
    except Exception as error:  # noqa: BLE001  (the outermost edge: the function's own errors)
        return error
    return None


def _finish(connection: HTTPConnection, error: Exception | None) -> None:
    trailers = {}
    if error:
        body = base64.b64encode(json.dumps(described(error)).encode()).decode()
        trailers = {_ERROR_TYPE: type(error).__name__, _ERROR_BODY: body}
    lines = "".join(f"{name}: {value}\r\n" for name, value in trailers.items())
    _send(connection, f"0\r\n{lines}\r\n".encode())
    try:
        connection.getresponse().read()
    except (OSError, HTTPException) as gone:
        raise NobodyWaits from gone


def _send(connection: HTTPConnection, content: bytes) -> None:
    try:
        connection.send(content)
    except OSError as gone:
        raise NobodyWaits from gone
