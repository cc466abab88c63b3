"""The gateway: routes, the authorizer and its cache, refusals, and what stands in the lines."""

import json
import logging
import pickle
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from functions.routes import ROUTES
from infra.local.aws import authorizations
from infra.local.aws.authorizations import Authorizations
from infra.local.aws.function_error import FunctionError
from infra.local.aws.gateway import Gateway
from infra.local.aws.proxy_event import HttpRequest, HttpResponse, ProxyCall
from infra.local.http.bodies import Unread
from tests.fake_clock import FakeClock
from threadkeep.domain.api_keys import hash_key
from threadkeep.wire.validation import MAX_BODY_BYTES

STAGE_ARN = "arn:aws:execute-api:local:000000000000:local/v1"
KEY = ("authorization", "Bearer sk-good")


class Functions:
    """All functions, faked: remembers its invocations. Keys that are not good are denied."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Any]] = []
        self.broken: Mapping[str, Exception] = {}
        self.resource = f"{STAGE_ARN}/*/*"

    def invoke(self, function: str, event: Any) -> Any:
        self.events.append((function, event))
        if function in self.broken:
            raise self.broken[function]
        if function == "authorizer":
            headers = event["headers"]
            azure = event["resource"].startswith("/openai/")
            return self._policy(
                f"Bearer {headers['api-key']}" if azure else headers["authorization"]
            )
        return {"statusCode": 200, "headers": {"x-request-id": "req_1"}, "body": "{}"}

    def names(self) -> list[str]:
        return [name for name, _ in self.events]

    def _policy(self, header: str) -> dict[str, Any]:
        good = header.startswith("Bearer sk-good")
        effect = "Allow" if good else "Deny"
        statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": self.resource}
        return {
            "principalId": "p",
            "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
            "context": {"project_id": "p"} if good else {"masked_key": "sk-b…ad"},
        }


@pytest.fixture
def functions() -> Functions:
    return Functions()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def gateway(functions: Functions, clock: FakeClock) -> Gateway:
    return Gateway(functions.invoke, clock)


def get(path: str, *headers: tuple[str, str], method: str = "GET") -> HttpRequest:
    return HttpRequest(method, path, headers=headers or (KEY,))


def error(response: HttpResponse) -> dict[str, Any]:
    """The envelope's content, after a check of what every error has."""
    headers = dict(response.headers)
    assert headers["content-type"] == "application/json"
    assert headers["x-request-id"].startswith("req_")
    document = json.loads(response.body)
    assert set(document) == {"error"}
    found: dict[str, Any] = document["error"]
    assert set(found) == {"message", "type", "param", "code"}
    return found


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_every_route_reaches_its_function(
    gateway: Gateway, functions: Functions, route: Any
) -> None:
    """Each route of the table leads to its own function, resource and parameters."""
    names = [part[1:-1] for part in route.path.split("/") if part.startswith("{")]
    path = "/v1" + route.path.replace("{", "a_").replace("}", "")
    response = gateway.answer(get(path, method=route.method))
    assert response.status == 200
    function, event = functions.events[-1]
    assert (function, event["resource"]) == (route.function, route.path)
    assert (event["pathParameters"] or {}) == {name: f"a_{name}" for name in names}


def test_the_function_is_told_who_asks(gateway: Gateway, functions: Functions) -> None:
    """What the authorizer says stands in the event's request context."""
    gateway.answer(get("/v1/models"))
    authorizer = functions.events[-1][1]["requestContext"]["authorizer"]
    assert authorizer == {"principalId": "p", "project_id": "p"}


def test_an_encoded_slash_makes_no_new_segment(gateway: Gateway, functions: Functions) -> None:
    """`eu%2Fthread_x` is one parameter: it reaches no other route, whatever it says."""
    gateway.answer(get("/v1/threads/eu%2Fthread_x"))
    assert functions.events[-1][1]["resource"] == "/threads/{thread_id}"
    assert functions.events[-1][1]["pathParameters"] == {"thread_id": "eu/thread_x"}
    gateway.answer(get("/v1/threads/a%2Fruns"))
    assert functions.events[-1][1]["resource"] == "/threads/{thread_id}"


@pytest.mark.parametrize("sent", ["%ff%fe", "%00", "%", "%zz", "..%2f..", "a%0ab"])
def test_an_odd_parameter_stays_one(gateway: Gateway, functions: Functions, sent: str) -> None:
    """Bytes that are no text, line ends and dots reach the handler, which refuses them."""
    assert gateway.answer(get(f"/v1/threads/{sent}")).status == 200
    json.dumps(functions.events[-1][1]).encode()


@pytest.mark.parametrize(
    "path",
    [
        "/v1/nonsense",
        "/openai",
        "/openai/nonsense",
        "/v1/openai/",
        "/v1/openai/openai/threads",
        "/openai/v2/threads",
        "/v1",
        "/v1/",
        "/",
        "",
        "*",
        "/threads",
        "/v2/threads",
        "/v1/threads/",
        "/v1/threads/thread_a/",
        "/v1/threads//messages",
        "/v1//threads",
        "/v1/threads/thread_a/messages/msg_a/x",
        "/v1/Threads",
        "/v1/%74hreads",
        "http://localhost/v1/threads",
        "/v1/threads\n",
    ],
)
def test_an_unknown_path_is_404(gateway: Gateway, functions: Functions, path: str) -> None:
    """A path that no route has is a 404 for everybody, with key or without; nobody is asked."""
    for request in (get(path), replace(get(path), headers=())):
        response = gateway.answer(request)
        assert response.status == 404
        assert error(response)["type"] == "invalid_request_error"
    assert functions.events == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/v1/threads"),
        ("DELETE", "/v1/threads"),
        ("HEAD", "/v1/threads/runs"),
        ("OPTIONS", "/v1/models"),
        ("DELETE", "/v1/models"),
        ("PATCH", "/v1/threads/thread_a"),
        ("get", "/v1/models"),
        ("GET", "/v1/threads/runs"),
        ("BREW-COFFEE", "/v1/models"),
    ],
)
def test_another_method_is_405(
    gateway: Gateway, functions: Functions, method: str, path: str
) -> None:
    """A known path with a method it has not is a 405; `/threads/runs` is no thread's id."""
    response = gateway.answer(get(path, method=method))
    assert response.status == 405
    assert error(response)["code"] == "method_not_supported"
    assert functions.events == []
    template = path.removeprefix("/v1").replace("thread_a", "{thread_id}")
    has = {route.method for route in ROUTES if route.path == template}
    listed = dict(response.headers)["allow"].split(", ")
    assert listed == sorted(has | ({"HEAD"} if "GET" in has else set()))


@pytest.mark.promise("18.13")
def test_a_function_is_asked_for_head_as_for_get(gateway: Gateway, functions: Functions) -> None:
    """HEAD meets the same policy and the same handler; only the server knows the difference."""
    assert gateway.answer(get("/v1/models", method="HEAD")).status == 200
    assert [event["httpMethod"] for _, event in functions.events] == ["GET", "GET"]
    refused = gateway.answer(get("/v1/models", ("authorization", "Bearer bad"), method="HEAD"))
    assert refused.status == 401


def test_a_body_over_the_limit_is_413(gateway: Gateway, functions: Functions) -> None:
    """5 MB go through, a byte more does not."""
    fits = HttpRequest("POST", "/v1/threads", headers=(KEY,), body=b" " * MAX_BODY_BYTES)
    assert gateway.answer(fits).status == 200
    functions.events.clear()
    response = gateway.answer(replace(fits, body=fits.body + b" "))
    assert response.status == 413
    assert error(response)["type"] == "invalid_request_error"
    assert functions.events == []


def test_a_declared_body_over_the_limit_is_413_before_the_key(
    gateway: Gateway, functions: Functions
) -> None:
    """Nobody has to send it, or to be known, to be told."""
    for size, status in ((MAX_BODY_BYTES, None), (MAX_BODY_BYTES + 1, 413)):
        length = ("content-length", str(size))
        judged = gateway.admit(get("/v1/threads", KEY, length, method="POST"))
        assert (judged.status if isinstance(judged, HttpResponse) else None) == status
    assert functions.names() == ["authorizer"]


@pytest.mark.parametrize(
    ("why", "status"), [(Unread.TOO_LARGE, 413), (Unread.TOO_SLOW, 408), (Unread.NO_ROOM, 503)]
)
def test_a_body_that_was_not_read_is_refused(
    gateway: Gateway, functions: Functions, why: Unread, status: int
) -> None:
    """No function sees half a body; what may be sent again later says when."""
    admitted = gateway.admit(get("/v1/threads", method="POST"))
    assert not isinstance(admitted, HttpResponse)
    response = admitted(why)
    assert response.status == status
    assert error(response)["param"] is None
    assert ("retry-after" in dict(response.headers)) == (status == 503)
    assert functions.names() == ["authorizer"]


def test_a_head_over_the_limit_is_431(gateway: Gateway, functions: Functions) -> None:
    """URL and headers have 16 KB together; what is longer is not even looked up."""
    for path, header in (("/v1/models" + "x" * 20_000, "x"), ("/v1/models", "x" * 20_000)):
        response = gateway.answer(get(path, ("authorization", header)))
        assert response.status == 431
        assert error(response)["type"] == "invalid_request_error"
    assert gateway.answer(get("/v1/models", KEY, ("x", "x" * 16_000))).status == 200
    assert functions.names() == ["authorizer", "assistants"]


def test_two_lengths_are_refused(gateway: Gateway, functions: Functions) -> None:
    """A request that says two things about its end ends its connection."""
    lengths = (("content-length", "0"), ("transfer-encoding", "chunked"))
    response = gateway.answer(get("/v1/threads", KEY, *lengths, method="POST"))
    assert response.status == 400
    assert dict(response.headers)["connection"] == "close"
    assert error(response)["type"] == "invalid_request_error"
    assert functions.events == []


@pytest.mark.promise("18.6")
@pytest.mark.parametrize("headers", [(), (("authorization", ""),), (("x-api-key", "sk-good"),)])
def test_no_key_is_401_without_a_question(
    gateway: Gateway, functions: Functions, headers: tuple[tuple[str, str], ...]
) -> None:
    """Without an Authorization header the authorizer isn't asked."""
    response = gateway.answer(HttpRequest("GET", "/v1/models", headers=headers))
    assert response.status == 401
    assert error(response)["message"].startswith("You didn't provide an API key.")
    assert functions.events == []


@pytest.mark.promise("1.18")
@pytest.mark.parametrize("stage", ["", "/v1"])
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_every_route_is_behind_azure_s_door(
    gateway: Gateway, functions: Functions, route: Any, stage: str
) -> None:
    """Below `/openai`, with the stage before it or without, and with the key in `api-key`."""
    path = stage + "/openai" + route.path.replace("{", "a_").replace("}", "")
    response = gateway.answer(get(path, ("api-key", "sk-good"), method=route.method))
    assert response.status == 200
    function, event = functions.events[-1]
    assert (function, event["resource"]) == (route.function, f"/openai{route.path}")
    assert event["path"] == path.removeprefix("/v1")


@pytest.mark.promise("1.18", "18.6")
def test_each_door_has_one_header_for_keys(gateway: Gateway, functions: Functions) -> None:
    """As in API Gateway, which asks an authorizer only if its header is there."""
    azure_key = ("api-key", "sk-good")
    for path, header in (("/v1/models", azure_key), ("/openai/models", KEY)):
        response = gateway.answer(get(path, header))
        assert response.status == 401
        assert error(response)["message"].startswith("You didn't provide an API key.")
    assert functions.events == []


@pytest.mark.promise("1.18", "18.6")
def test_an_answer_for_one_door_opens_no_other(gateway: Gateway, functions: Functions) -> None:
    """What was allowed as an Authorization header is asked for anew as an `api-key`."""
    functions.resource = f"{STAGE_ARN}/GET/models"
    assert gateway.answer(get("/v1/models")).status == 200
    assert gateway.answer(get("/openai/models", ("api-key", KEY[1]))).status == 401
    assert functions.names().count("authorizer") == 2


@pytest.mark.promise("18.6")
def test_a_wrong_key_is_401_with_its_mask(gateway: Gateway, functions: Functions) -> None:
    """Deny is the contract's 401; it shows the authorizer's mask, and never the key."""
    response = gateway.answer(get("/v1/models", ("authorization", "Bearer sk-bad-secret")))
    assert response.status == 401
    found = error(response)
    assert found["code"] == "invalid_api_key"
    assert found["message"].startswith("Incorrect API key provided: sk-b…ad.")
    assert b"secret" not in response.body
    assert functions.names() == ["authorizer"]


def test_the_authorizer_is_asked_once_in_300_seconds(
    gateway: Gateway, functions: Functions, clock: FakeClock
) -> None:
    """An answer holds for 300 s, over all routes, and not a moment longer; Deny as well."""
    bad = ("authorization", "Bearer sk-bad")
    for seconds, asked in ((0, 2), (299.9, 2), (0.1, 4), (299.9, 4)):
        clock.advance(seconds)
        for header in (KEY, bad):
            gateway.answer(get("/v1/models", header))
            gateway.answer(get("/v1/threads/thread_a", header))
        assert functions.names().count("authorizer") == asked


@pytest.mark.parametrize("by", [-600, 600])
def test_the_300_seconds_are_an_interval(
    gateway: Gateway, functions: Functions, clock: FakeClock, by: float
) -> None:
    """A key that was taken back is not let in for longer because the wall clock was set."""
    for setting, seconds, asked in ((0, 0, 1), (by, 299.75, 1), (0, 0.25, 2)):
        clock.set_wall(setting)
        clock.advance(seconds)
        gateway.answer(get("/v1/models"))
        assert functions.names().count("authorizer") == asked


def test_each_header_is_asked_for(gateway: Gateway, functions: Functions) -> None:
    """The answer for one key is never another's."""
    assert gateway.answer(get("/v1/models", ("authorization", "Bearer sk-good-1"))).status == 200
    assert gateway.answer(get("/v1/models", ("authorization", "Bearer sk-bad"))).status == 401
    assert gateway.answer(get("/v1/models", ("authorization", "Bearer sk-good-2"))).status == 200
    assert functions.names().count("authorizer") == 3


def test_wrong_keys_push_out_no_right_one(gateway: Gateway, functions: Functions) -> None:
    """However many come, the authorizer is not asked again about a key that it knows."""
    gateway.answer(get("/v1/models"))
    for n in range(authorizations.MOST_ALLOWED + 1):
        gateway.answer(get("/v1/models", ("authorization", f"Bearer sk-bad-{n}")))
    asked = functions.names().count("authorizer")
    gateway.answer(get("/v1/models"))
    assert functions.names().count("authorizer") == asked


def test_wrong_keys_are_few_and_go(functions: Functions, clock: FakeClock) -> None:
    """Of wrong keys as many answers are kept as there is room for, and only until their end."""
    kept = Authorizations(functions.invoke, clock)
    call = ProxyCall(get("/v1/models"), "/models", {}, clock.now())

    def ask(n: int) -> None:
        wrong = ("authorization", f"Bearer sk-bad-{n}")
        kept.of(replace(call, request=get("/v1/models", wrong)), wrong[1])

    for n in range(authorizations.MOST_DENIED + 1):
        ask(n)
    assert len(kept) == authorizations.MOST_DENIED
    clock.advance(authorizations.KEPT_SECONDS)
    ask(0)
    assert len(kept) == 1


def test_no_header_is_kept(functions: Functions, clock: FakeClock) -> None:
    """A key is known by its hash: the memory of the process does not collect keys."""
    kept = Authorizations(functions.invoke, clock)
    for key in ("sk-good-secret", "sk-bad-secret"):
        header = ("authorization", f"Bearer {key}")
        kept.of(ProxyCall(get("/v1/models", header), "/models", {}, clock.now()), header[1])
    pickled = pickle.dumps([kept._allowed._answers, kept._denied._answers])
    assert b"secret" not in pickled
    assert pickled.count(hash_key("Bearer sk-good-secret").encode()) == 1


def test_a_policy_allows_only_what_it_names(gateway: Gateway, functions: Functions) -> None:
    """A policy for one method and path opens no other, also out of the cache."""
    functions.resource = f"{STAGE_ARN}/GET/models"
    assert gateway.answer(get("/v1/models")).status == 200
    assert gateway.answer(get("/v1/threads/thread_a")).status == 401


@pytest.mark.promise("18.9", "1.16")
def test_a_failed_function_is_500_and_not_to_be_sent_again(
    gateway: Gateway, functions: Functions, caplog: pytest.LogCaptureFixture
) -> None:
    """After a bug nobody knows what was committed: 500, without a word of the bug's own."""
    for bug in (FunctionError("KeyError", "secret"), ValueError("secret")):
        functions.broken = {"assistants": bug}
        response = gateway.answer(get("/v1/models"))
        assert response.status == 500
        assert error(response)["type"] == "server_error"
        assert dict(response.headers)["x-should-retry"] == "false"
        assert b"secret" not in response.body
    assert "secret" not in caplog.text


def test_an_answer_that_is_none_is_500(clock: FakeClock, functions: Functions) -> None:
    """A function that answers nonsense is a 500, too: no request stays without an answer."""

    def invoke(function: str, event: Any) -> Any:
        return functions.invoke(function, event) if function == "authorizer" else None

    response = Gateway(invoke, clock).answer(get("/v1/models"))
    assert response.status == 500
    assert error(response)["type"] == "server_error"


def test_a_failed_authorizer_is_500_and_not_kept(gateway: Gateway, functions: Functions) -> None:
    """A failure of the authorizer lets nobody in, and the next request asks it again."""
    functions.broken = {"authorizer": FunctionError("ClientError", "")}
    response = gateway.answer(get("/v1/models"))
    assert response.status == 500
    assert "x-should-retry" not in dict(response.headers)
    assert functions.names() == ["authorizer"]
    functions.broken = {}
    assert gateway.answer(get("/v1/models")).status == 200


def test_the_lines_show_neither_keys_nor_ids(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    """A refused request has one line: its method, the words of its path, the status."""
    caplog.set_level(logging.INFO, "threadkeep.requests")
    gateway.answer(get("/v1/vector_stores/vs_1/sk-good-secret%0a?x", method="POST"))
    gateway.answer(get("/v1/threads/thread_a", method="SK-GOOD-SECRET"))
    gateway.answer(get("/v1/models", ("authorization", "Bearer sk-bad-secret")))
    assert caplog.messages == [
        "POST /v1/vector_stores/…/… 404",
        "… /threads/{thread_id} 405",
        "GET /models 401",
    ]
