"""Bad bodies over real HTTP: each is answered, and the connection goes on."""

import http.client
import json
from collections.abc import Iterator
from typing import Any

import pytest

from infra.local.aws.gateway import Gateway
from tests.api.client import Client
from tests.unit.local.loopback import PATIENCE, serving
from threadkeep.wire.validation import MAX_BODY_BYTES

NOT_JSON = (
    "We could not parse the JSON body of your request. "
    "The API expects a JSON payload, but what was sent was not valid JSON."
)
DEEP = b"[" * 1000 + b"]" * 1000


@pytest.fixture(scope="session")
def port(gateway: Gateway) -> Iterator[int]:
    """The HTTP server before the gateway."""
    with serving(gateway.admit) as number:
        yield number


@pytest.fixture
def connection(port: int) -> Iterator[http.client.HTTPConnection]:
    """One connection for all requests of a test."""
    opened = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    yield opened
    opened.close()


class Sender:
    """Sends bodies over one connection, which must last."""

    def __init__(self, connection: http.client.HTTPConnection, client: Client) -> None:
        self._connection = connection
        self._headers = dict(client.headers)

    def __call__(
        self, body: bytes, path: str = "/assistants", kind: str | None = "application/json"
    ) -> tuple[int, Any]:
        """The status, and the error or the object."""
        headers = self._headers | ({"content-type": kind} if kind else {})
        self._connection.request("POST", f"/v1{path}", body, headers)
        sock = self._connection.sock
        response = self._connection.getresponse()
        answer = json.loads(response.read())
        assert self._connection.sock is sock, "the connection was dropped"
        assert (response.headers["x-request-id"] or "").startswith("req_")
        if response.status == 200:
            return 200, answer
        error = answer["error"]
        assert list(error) == ["message", "type", "param", "code"]
        assert error["type"] == "invalid_request_error"
        return response.status, (error["message"], error["param"], error["code"])


@pytest.fixture
def send(connection: http.client.HTTPConnection, client: Client) -> Sender:
    return Sender(connection, client)


@pytest.mark.promise("1.8")
@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"hello",
        b'{"model": "gpt-4o"} x',
        b'{"model": "gpt-4o",}',
        b"{'model': 'gpt-4o'}",
        b"\xff\xfe",
        b'{"model": "\xff"}',
        b'{"model": "\\ud800"}',
        b'\xef\xbb\xbf{"model": "gpt-4o"}',
        '{"model": "gpt-4o"}'.encode("utf-16"),
        b'{"model": "gpt-4o", "metadata": ' + DEEP + b"}",
        DEEP,
        b'{"temperature": ' + b"1" * 5000 + b"}",
        b"\x00",
        b"=&=&",
    ],
    ids=lambda body: repr(body[:24]),
)
def test_what_is_no_json(send: Sender, body: bytes) -> None:
    """Syntax, encoding, surrogates, depth, endless numbers: a 400, and the next one is fine."""
    assert send(body) == (400, (NOT_JSON, None, None))
    assert send(b'{"model": "gpt-4o"}')[0] == 200


@pytest.mark.promise("1.8", "18.4")
@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", ("Missing required parameter: 'model'.", "model", "missing_required_parameter")),
        (b"{}", ("Missing required parameter: 'model'.", "model", "missing_required_parameter")),
        (
            b"[]",
            (
                "Invalid type for the request body: expected an object, but got an array instead.",
                None,
                "invalid_type",
            ),
        ),
        (
            b"null",
            (
                "Invalid type for the request body: expected an object, but got null instead.",
                None,
                "invalid_type",
            ),
        ),
        (
            b'{"model": "gpt-4o", "temperature": 1e999}',
            ("Invalid 'temperature'. Expected a finite number.", "temperature", "invalid_value"),
        ),
        (
            b'{"model": "gpt-4o", "temperature": NaN}',
            ("Invalid 'temperature'. Expected a finite number.", "temperature", "invalid_value"),
        ),
        (
            b'{"model": "gpt-4o", "temperature": -1e999}',
            ("Invalid 'temperature'. Expected a finite number.", "temperature", "invalid_value"),
        ),
        (
            b'{"model": "gpt-4o", "nme": "x"}',
            ("Unknown parameter: 'nme'.", "nme", "unknown_parameter"),
        ),
    ],
    ids=lambda value: repr(value)[:32],
)
def test_json_that_is_no_assistant(send: Sender, body: bytes, error: Any) -> None:
    """Empty, an array, numbers beyond all bounds, unknown names: a 400 that says which."""
    assert send(body) == (400, error)


@pytest.mark.promise("1.8")
@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "json",
        "x" * 100,
    ],
)
def test_a_body_that_says_it_is_something_else(send: Sender, kind: str) -> None:
    """Even if it is JSON: the service refused it, too."""
    shown = kind if len(kind) <= 64 else f"{kind[:64]}…"
    text = (
        f"Unsupported content type: '{shown}'. This API method only accepts 'application/json' "
        f"requests, but you specified the header 'Content-Type: {shown}'. "
        "Please try again with a supported content type."
    )
    body = b'{"model": "gpt-4o"}'
    assert send(body, kind=kind) == (400, (text, None, "unsupported_content_type"))


@pytest.mark.promise("1.7", "1.8")
@pytest.mark.parametrize(
    "kind", [None, "application/json; charset=utf-8", "Application/JSON", "application/vnd.x+json"]
)
def test_a_body_that_says_it_is_json(send: Sender, kind: str | None) -> None:
    """In whatever words, or in none."""
    assert send(b'{"model": "gpt-4o"}', kind=kind)[0] == 200
    assert send(b"", "/threads", kind or "text/plain")[0] == 200


@pytest.mark.promise("1.8")
@pytest.mark.parametrize("size", [MAX_BODY_BYTES + 1, 3 * MAX_BODY_BYTES])
def test_a_body_over_the_limit(send: Sender, size: int) -> None:
    """It is a 413, after which the connection goes on; one of exactly 5 MB is read."""
    status, (text, param, code) = send(b" " * size)
    assert (status, param, code) == (413, None, None)
    assert text == "The request is larger than this server accepts."
    assert send(b'{"model": "gpt-4o"}'.ljust(MAX_BODY_BYTES))[0] == 200


@pytest.mark.promise("1.9")
def test_duplicate_keys(send: Sender) -> None:
    """The last one counts, in nested objects as well."""
    body = b'{"model": "gpu-1", "model": "gpt-4o", "metadata": {"k": "u", "k": "v"}}'
    status, made = send(body)
    assert (status, made["model"], made["metadata"]) == (200, "gpt-4o", {"k": "v"})


@pytest.mark.promise("1.8")
def test_names_of_any_kind(send: Sender) -> None:
    """Odd names of parameters are repeated as they are; nothing breaks on them."""
    for name in ("", " ", ".", "[0]", "é", "\u0000", '"', "\\", "\u2028", "type", "[key]"):
        body = json.dumps({"model": "gpt-4o", name: 1}).encode()
        assert send(body) == (
            400,
            (f"Unknown parameter: '{name}'.", name, "unknown_parameter"),
        )
