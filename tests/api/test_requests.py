"""What every request may bring and every answer has: headers, betas, keys, ids."""

import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from functions.routes import ROUTES, Route
from infra.local.aws.gateway import Gateway
from infra.local.aws.transport import AwsCall
from infra.local.server import Local
from tests.api.client import Client, path_of
from tests.faults import Interception
from tests.system import System, proxy_event
from threadkeep.config import Config
from threadkeep.providers.catalogue import Catalogue

V1 = (
    "The v1 Assistants API has been deprecated. "
    "Please try again by setting the header 'OpenAI-Beta: assistants=v2'."
)
MISSING = (
    "You must provide the 'OpenAI-Beta' header to access the Assistants API. "
    "Please try again by setting the header 'OpenAI-Beta: assistants=v2'."
)
PATHS = ("/assistants", "/threads", "/models")


def named(route: Route) -> str:
    return f"{route.method} {route.path}"


def filled(path: str) -> str:
    """The path with ids that are well formed and nobody's."""
    prefixes = {"assistant_id": "asst", "message_id": "msg"}
    return re.sub(
        r"\{(\w+)\}",
        lambda name: f"{prefixes.get(name[1], name[1].removesuffix('_id'))}_1",
        path,
    )


@pytest.mark.promise("1.10")
@pytest.mark.parametrize("route", ROUTES, ids=named)
def test_every_answer_has_its_headers(client: Client, route: Route) -> None:
    """Good or bad, from every endpoint."""
    answer = client.ask(route.method, filled(route.path))
    assert answer.headers["openai-version"] == "2020-10-01"
    assert int(answer.headers["openai-processing-ms"]) >= 0
    assert re.fullmatch("req_[0-9a-f]{32}", answer.headers["x-request-id"])


@pytest.mark.promise("1.4")
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "beta", [None, "", "assistants=v2", "foo=v1, assistants=v2", "assistants=v2,x"]
)
def test_betas_that_pass(client: Client, path: str, beta: str | None) -> None:
    """None, ours, and ours among others."""
    headers = {} if beta is None else {"OpenAI-Beta": beta}
    assert client.ask("GET", path, headers=headers).status == 200


@pytest.mark.promise("1.4", "18.4")
@pytest.mark.parametrize(
    ("beta", "text"),
    [
        ("assistants=v1", V1),
        ("realtime=v1", "Unknown beta requested: 'realtime=v1'."),
        ("x" * 100, f"Unknown beta requested: '{'x' * 64}…'."),
    ],
)
def test_betas_that_do_not_pass(client: Client, beta: str, text: str) -> None:
    """Requests of v1 have other shapes: they are refused, but models have no versions."""
    for path in PATHS[:2]:
        for name in ("OpenAI-Beta", "openai-beta"):
            answer = client.ask("POST", path, {}, headers={name: beta})
            assert answer.error == (400, text, None, "invalid_beta")
    assert client.ask("GET", "/models", headers={"OpenAI-Beta": beta}).status == 200


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Local]:
    """A system with strict betas."""
    local = Local(tmp_path, Catalogue.echo(), strict_beta=True, poll_after_ms=1234)
    local.start()
    yield local
    local.stop()


@pytest.mark.promise("1.5")
def test_strict_betas(strict: Local) -> None:
    """A missing header is refused, but not for models; the right one passes."""
    for path, headers, status in (
        ("/assistants", {}, 400),
        ("/threads/thread_1/runs", {"OpenAI-Beta": ""}, 400),
        ("/assistants", {"OpenAI-Beta": "assistants=v2"}, 200),
        ("/models", {}, 200),
    ):
        event, function = proxy_event("GET", path, None, "acme")
        answer = strict.invoke(function, {**event, "headers": headers})
        assert answer["statusCode"] == status, path
        if status == 400:
            error = json.loads(answer["body"])["error"]
            assert (error["message"], error["code"]) == (MISSING, "invalid_beta")


@pytest.mark.promise("1.5", "1.18")
def test_azure_s_clients_need_no_beta(strict: Local) -> None:
    """Azure never asked for the header; a wrong one is refused all the same."""
    event, function = proxy_event("GET", "/assistants", None, "acme")
    event["resource"] = f"/openai{event['resource']}"
    for headers, status in (({}, 200), ({"OpenAI-Beta": "assistants=v1"}, 400)):
        assert strict.invoke(function, {**event, "headers": headers})["statusCode"] == status


@pytest.mark.promise("3.12")
def test_how_long_to_wait_between_polls_is_a_setting(strict: Local) -> None:
    """Each kind of deployment has its own."""
    event, function = proxy_event("GET", "/threads/thread_1/runs/run_1", None, "acme")
    assert "openai-poll-after-ms" not in strict.invoke(function, event)["headers"]
    assert strict.services.config.poll_after_ms == 1234
    named_ = {"THREADKEEP_TABLE_PREFIX": "", "THREADKEEP_POLL_AFTER_MS": "750"}
    assert Config.from_environment(named_).poll_after_ms == 750
    assert Config().poll_after_ms == 500


@pytest.mark.promise("1.3")
def test_organization_and_project(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    """They change nothing, and no line of the log has them."""
    caplog.set_level(logging.DEBUG)
    thread = client.thread()
    headers = {"OpenAI-Organization": "org-marker", "OpenAI-Project": "proj-marker"}
    seen = client.ask("GET", f"/threads/{thread['id']}", headers=headers)
    assert seen.json == thread
    assert client.ask("POST", "/threads", {"x": 1}, headers=headers).status == 400
    assert client.ask("PUT", "/threads", headers=headers).status == 405
    assert "marker" not in caplog.text


@pytest.mark.promise("1.2")
def test_projects_are_apart(client: Client, gateway: Gateway) -> None:
    """What one project's key made, another's finds nothing of, and a second key of its own all."""
    other = Client(client.system, gateway, f"{client.project}-other")
    run = client.until(client.run(), "completed")
    thread = f"/threads/{run['thread_id']}"
    (said, _) = client.get(f"{thread}/messages")["data"]
    (step,) = client.get(f"{path_of(run)}/steps")["data"]
    for path in (
        f"/assistants/{run['assistant_id']}",
        thread,
        f"{thread}/messages/{said['id']}",
        path_of(run),
        f"{path_of(run)}/steps/{step['id']}",
    ):
        assert other.ask("GET", path).status == 404
        assert client.ask("GET", path).status == 200
    for path in (f"{thread}/messages", f"{thread}/runs", f"{path_of(run)}/steps"):
        assert other.ask("GET", path).status == 404
    for path in ("/assistants", "/threads"):
        assert other.get(path)["data"] == []
    client.system.local.add_key("sk-second", client.project)
    seen = client.ask("GET", thread, headers={"authorization": "Bearer sk-second"})
    assert seen.status == 200


@pytest.mark.promise("1.11")
def test_ids(client: Client) -> None:
    """A prefix and 24 letters and digits: apps find ids in texts by that."""
    run = client.until(client.run(), "completed")
    (said, _) = client.get(f"/threads/{run['thread_id']}/messages")["data"]
    (step,) = client.get(f"{path_of(run)}/steps")["data"]
    for prefix, id_ in (
        ("asst", run["assistant_id"]),
        ("thread", run["thread_id"]),
        ("run", run["id"]),
        ("msg", said["id"]),
        ("step", step["id"]),
    ):
        assert re.fullmatch(f"{prefix}_[0-9A-Za-z]{{24}}", id_)


class Calls(Interception):
    """Counts the calls of the database."""

    def __init__(self) -> None:
        self.tables: list[str] = []

    def before(self, call: AwsCall, /) -> None:
        route = call.invocation and call.invocation.route
        if route and call.service == "dynamodb":
            self.tables.append(str(route))


@pytest.fixture
def calls(served: System) -> Iterator[Calls]:
    """Those of the endpoints while the test runs."""
    seen = Calls()
    served.local.transport.interceptors.append(seen)
    yield seen
    served.local.transport.interceptors.remove(seen)


@pytest.mark.promise("18.3")
@pytest.mark.parametrize(
    ("method", "template", "name", "prefix"),
    [
        (
            route.method,
            route.path,
            name,
            {"assistant_id": "asst", "message_id": "msg"}.get(name, name.removesuffix("_id")),
        )
        for route in ROUTES
        for name in re.findall(r"\{(\w+_id)\}", route.path)
    ],
)
def test_ids_that_are_none(
    client: Client, calls: Calls, method: str, template: str, name: str, prefix: str
) -> None:
    """In every path, whatever is no id of its kind is refused and never reaches the database."""
    bodies: dict[str, Any] = {
        "functions.messages.create": {"role": "user", "content": "Hi"},
        "functions.runs.create": {"assistant_id": "asst_1"},
        "functions.runs.submit_tool_outputs": {"tool_outputs": []},
    }
    (handler,) = [r.handler for r in ROUTES if (r.method, r.path) == (method, template)]
    body = bodies.get(handler)
    for value, sent in (
        ("undefined", "undefined"),
        (f"{prefix}_", f"{prefix}_"),
        (f"{prefix}_1-2", f"{prefix}_1-2"),
        ("file-1", "file-1"),
        (f"eu/{prefix}_1", f"eu%2F{prefix}_1"),
        (f"{prefix}_é", f"{prefix}_%C3%A9"),
        (f"{prefix}_" + "1" * 100, f"{prefix}_" + "1" * 100),
    ):
        path = filled(template.replace(f"{{{name}}}", sent))
        shown = value if len(value) <= 64 else f"{value[:64]}…"
        text = f"Invalid '{name}': '{shown}'. Expected an ID that begins with '{prefix}'."
        if (method, path) in {(r.method, r.path) for r in ROUTES}:
            continue
        answer = client.ask(method, path, body)
        assert answer.error == (400, text, name, "invalid_value")
    assert calls.tables == []


@pytest.mark.promise("1.1", "18.7")
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "PATCH"])
@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/assistants/",
        "/thread",
        "/threads/thread_1/",
        "/threads/thread_1/files",
        "/filesx",
    ],
)
def test_a_path_that_is_not_there(client: Client, method: str, path: str) -> None:
    """It is a 404 in the shape of an error, whatever stands at its end."""
    text = f"Invalid URL ({method} /v1{path})"
    assert client.ask(method, path).error == (404, text, None, None)


@pytest.mark.promise("18.11")
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/files", "is not supported yet."),
        ("/files/file-1/content", "is not supported yet."),
        ("/uploads/upload_1/parts", "is not supported yet."),
        ("/vector_stores", "is not supported yet."),
        ("/vector_stores/vs_1/file_batches/vsfb_1/cancel", "is not supported yet."),
        ("/chat/completions", "is not supported: this server has the Assistants API alone."),
        ("/embeddings", "is not supported: this server has the Assistants API alone."),
        ("/fine_tuning/jobs", "is not supported: this server has the Assistants API alone."),
        ("/responses", "is not supported: this server has the Assistants API alone."),
    ],
)
def test_what_the_original_had_and_this_server_has_not(
    client: Client, method: str, path: str, said: str
) -> None:
    """It is a 404 that says so, and does not read like a wrong address; also at Azure's door."""
    for door in ("", "/openai"):
        text = f"{method} /v1{door}{path} {said}"
        assert client.ask(method, door + path).error == (404, text, None, "unsupported_endpoint")


@pytest.mark.promise("18.7")
@pytest.mark.parametrize("path", sorted({route.path for route in ROUTES}))
def test_a_method_that_a_path_does_not_have(client: Client, path: str) -> None:
    """It is a 405 in the shape of an error."""
    allowed = {route.method for route in ROUTES if route.path == path}
    for method in {"GET", "POST", "DELETE", "PUT", "PATCH", "OPTIONS"} - allowed:
        text = f"Not allowed to {method} on /v1{filled(path)}."
        answer = client.ask(method, filled(path))
        assert answer.error == (405, text, None, "method_not_supported")
