"""CORS over real HTTP: every kind of answer of the local server, and preflights."""

import http.client
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from infra.local.aws.proxy_event import HttpRequest, HttpResponse
from tests.unit.local.loopback import PATIENCE, serving, whole

APP = "https://app.example"
OTHER = "https://other.example"
EXPOSED = {
    "x-request-id",
    "openai-version",
    "openai-processing-ms",
    "openai-poll-after-ms",
    "retry-after",
    "x-should-retry",
}
# What the SDKs send from a browser.
SENT = "authorization,content-type,openai-beta,x-stainless-arch,x-stainless-os,last-event-id"


def _stream() -> Iterator[bytes]:
    yield b"data: 1\n\n"


def answer(request: HttpRequest) -> HttpResponse:
    """An answer of the kind that the path names; a broken one for `/broken`."""
    kind = request.path.rpartition("/")[2]
    if kind == "stream":
        return HttpResponse(200, (("content-type", "text/event-stream"),), chunks=_stream())
    return HttpResponse(int(kind), (("x-request-id", "req_1"),), b"{}")


def ask(
    port: int, path: str, headers: Mapping[str, str], method: str = "GET"
) -> tuple[int, dict[str, str], bytes]:
    """The answer as a browser has it: a header that comes twice is one with both values."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request(method, path, headers=dict(headers))
        response = connection.getresponse()
        found: dict[str, str] = {}
        for name, value in response.getheaders():
            found[name] = f"{found[name]}, {value}" if name in found else value
        return response.status, found, response.read()
    finally:
        connection.close()


def granted(headers: Mapping[str, str]) -> dict[str, str]:
    return {k: v for k, v in headers.items() if k == "vary" or k.startswith("access-control-")}


@pytest.mark.promise("1.19")
@pytest.mark.parametrize("kind", ["200", "400", "401", "404", "405", "413", "500", "503", "stream"])
def test_every_kind_of_answer_is_readable_for_a_named_origin(kind: str) -> None:
    """With the headers that apps look at; and for no other origin, nor for none."""
    with serving(whole(answer), origins=[APP, OTHER]) as port:
        status, headers, body = ask(port, f"/v1/{kind}", {"Origin": APP})
        _, foreign, _ = ask(port, f"/v1/{kind}", {"Origin": "https://evil.example"})
        _, without, _ = ask(port, f"/v1/{kind}", {})
    assert (str(status), body) == (kind, b"{}") or (status, body) == (200, b"data: 1\n\n")
    assert headers["access-control-allow-origin"] == APP
    assert set(headers["access-control-expose-headers"].split(", ")) == EXPOSED
    assert headers["vary"] == "Origin"
    assert granted(foreign) == granted(without) == {"vary": "Origin"}


@pytest.mark.promise("1.19")
def test_all_origins() -> None:
    """`*` is for every page, and the same for each."""
    with serving(whole(answer), origins=["*"]) as port:
        for given in ({"Origin": OTHER}, {}):
            headers = granted(ask(port, "/v1/401", given)[1])
            assert headers.pop("access-control-allow-origin") == "*"
            assert list(headers) == ["access-control-expose-headers"]


@pytest.mark.promise("1.19")
@pytest.mark.parametrize("path", ["/v1/threads", "/v1/threads/thread_1", "/v1/nonsense", "/", "*"])
def test_a_preflight_needs_no_key_and_no_path(path: str) -> None:
    """It is answered before all else, and grants the headers that were asked for."""
    asked = {
        "Origin": APP,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": SENT,
    }
    with serving(whole(_never), origins=[OTHER, APP]) as port:
        status, headers, body = ask(port, path, asked, "OPTIONS")
    assert (status, body) == (204, b"")
    assert headers["x-request-id"].startswith("req_")
    assert granted(headers) == {
        "vary": "Origin",
        "access-control-allow-origin": APP,
        "access-control-allow-methods": "GET, POST, DELETE",
        "access-control-allow-headers": SENT,
        "access-control-max-age": "7200",
    }


@pytest.mark.promise("1.19")
def test_a_preflight_of_another_page_grants_nothing() -> None:
    """The browser then sends nothing more."""
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    with serving(whole(_never), origins=[APP]) as port:
        status, headers, _ = ask(port, "/v1/threads", asked, "OPTIONS")
    assert (status, granted(headers)) == (204, {"vary": "Origin"})


def test_without_origins_nothing_changes() -> None:
    """None is the default: OPTIONS is a method like any other, and no answer says anything."""
    with serving(whole(answer)) as port:
        status, headers, _ = ask(port, "/v1/405", {"Origin": APP}, "OPTIONS")
    assert (status, granted(headers)) == (405, {})


def _never(_request: HttpRequest) -> Any:
    raise AssertionError("a preflight reached the gateway")
