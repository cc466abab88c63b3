"""The API in the template: every route to its function, every other request to an OpenAI error."""

import json
import re
from typing import Any

import pytest

from functions.doors import DOORS, Door
from functions.routes import ROUTES
from infra.gateway_responses import GATEWAY_RESPONSES, Refused, method_not_allowed, not_found
from infra.unsupported import no_route
from tests.infra.conftest import Synthesized
from tests.infra.template import Properties, Template
from tests.infra.velocity import Velocity

_KEYS = {"message", "type", "param", "code"}
_FUNCTION = r"/functions/\$\{(\w+)\.Arn\}"
_INVOCATION = re.compile(rf".*:lambda:path/2015-03-31{_FUNCTION}/invocations")
_STREAM = re.compile(rf".*:lambda:path/2021-11-15{_FUNCTION}/response-streaming-invocations")
_BEHIND_DOORS = [(door, route) for door in DOORS for route in ROUTES]
_PATHS = {door.prefix + route.path for door, route in _BEHIND_DOORS}


def _mocks(template: Template) -> dict[str, Properties]:
    return {path: m for (method, path), m in template.methods().items() if method == "ANY"}


def _mock_body(method: Properties, path: str = "/v1/x") -> Any:
    """The body of a MOCK method for PUT and this path, as the template emulator makes it."""
    (response,) = method["Integration"]["IntegrationResponses"]
    template = response["ResponseTemplates"]["application/json"]
    return json.loads(Velocity("PUT", path).text(template))


def _called(template: Template) -> dict[tuple[str, str], tuple[str, bool]]:
    """(method, path) → the function that is called, and whether its answer is streamed."""
    functions = template.functions()
    called = {}
    for (method, path), properties in template.methods().items():
        if method != "ANY":
            integration = properties["Integration"]
            streamed = "ResponseTransferMode" in integration
            match = (_STREAM if streamed else _INVOCATION).fullmatch(integration["Uri"])
            assert match
            assert integration["Type"] == "AWS_PROXY"
            assert integration["TimeoutInMillis"] == (900_000 if streamed else 29_000)
            assert integration.get("ResponseTransferMode", "STREAM") == "STREAM"
            called[method, path] = (functions[match[1]], streamed)
    return called


def test_every_route_has_a_method_that_calls_its_function(template: Template) -> None:
    """The route table is the API: no method is missing, none goes elsewhere; those that stream may
    take 15 minutes, the others are buffered.
    """
    expected = {(r.method, d.prefix + r.path): (r.function, r.streaming) for d, r in _BEHIND_DOORS}
    assert _called(template) == expected
    assert len(expected) == 2 * len(ROUTES)
    streamed = {(r.method, r.path) for r in ROUTES if r.streaming}
    run = "/threads/{thread_id}/runs"
    assert streamed == {
        ("POST", "/threads/runs"),
        ("POST", run),
        ("POST", f"{run}/{{run_id}}/submit_tool_outputs"),
        ("GET", f"{run}/{{run_id}}/stream"),
    }


def test_with_streaming_off_every_route_is_buffered(synthesized: Synthesized) -> None:
    """The same routes to the same functions, none of them streamed."""
    called = _called(synthesized.production)
    assert called == {(r.method, d.prefix + r.path): (r.function, False) for d, r in _BEHIND_DOORS}


def test_every_route_is_behind_the_authorizer(template: Template) -> None:
    """No endpoint answers without a key, and an answer of an authorizer counts for 300 s. Each door
    has one of its own, asked only if the door's header is there.
    """
    authorizers = template.of_type("AWS::ApiGateway::Authorizer")
    (function,) = (id_ for id_, name in template.functions().items() if name == "authorizer")
    asked = {"/": "Authorization", "/openai/": "api-key"}
    for (method, path), properties in template.methods().items():
        if method != "ANY":
            assert properties["AuthorizationType"] == "CUSTOM"
            authorizer = authorizers[properties["AuthorizerId"][2:-1]]
            header = asked["/openai/" if path.startswith("/openai/") else "/"]
            assert authorizer["IdentitySource"] == f"method.request.header.{header}"
    assert len(authorizers) == 2
    for authorizer in authorizers.values():
        assert authorizer["AuthorizerUri"].endswith(f"/functions/${{{function}.Arn}}/invocations")
        assert authorizer["Type"] == "REQUEST"
        assert authorizer["AuthorizerResultTtlInSeconds"] == 300


def test_the_api_is_regional_with_the_stage_v1(template: Template) -> None:
    """`https://…/v1` is an SDK's base URL, and streams will not idle out at an edge."""
    api = template.only("AWS::ApiGateway::RestApi")
    assert api["EndpointConfiguration"] == {"Types": ["REGIONAL"]}
    assert template.only("AWS::ApiGateway::Stage")["StageName"] == "v1"


def test_the_api_may_call_each_function_by_one_permission(template: Template) -> None:
    """One permission for each function and authorizer, not for each method, and only for this
    API.
    """
    (api,) = template.of_type("AWS::ApiGateway::RestApi")
    functions = template.functions()
    permissions = template.of_type("AWS::Lambda::Permission").values()
    called = sorted(functions[p["FunctionName"][2:-5]] for p in permissions)
    assert called == sorted([*{route.function for route in ROUTES}, *("authorizer" for _ in DOORS)])
    for permission in permissions:
        assert permission["Action"] == "lambda:InvokeFunction"
        assert permission["Principal"] == "apigateway.amazonaws.com"
        assert f"${{{api}}}/" in permission["SourceArn"]


@pytest.mark.promise("18.7", "18.8")
def test_an_unknown_method_is_405_on_every_resource(template: Template) -> None:
    """Without MOCK methods API Gateway would answer 403 with a text of its own."""
    mocks = _mocks(template)
    assert mocks.keys() >= _PATHS
    for path in _PATHS:
        expected = method_not_allowed(Refused("", "PUT", "/v1/x"))
        assert _mock_body(mocks[path]) == expected.body
        assert mocks[path]["MethodResponses"][0]["StatusCode"] == "405"
        (response,) = mocks[path]["Integration"]["IntegrationResponses"]
        bare = path.removeprefix("/openai")
        allow = ", ".join(sorted(route.method for route in ROUTES if route.path == bare))
        assert response["ResponseParameters"]["method.response.header.allow"] == f"'{allow}'"


@pytest.mark.promise("18.7", "18.8")
def test_an_unknown_path_is_404(template: Template) -> None:
    """At the root, anywhere below it, and at a resource that only leads to others."""
    mocks = _mocks(template)
    assert set(mocks) - _PATHS >= {"/", "/{proxy+}", "/openai", "/openai/{proxy+}"}
    for path in set(mocks) - _PATHS:
        expected = not_found(Refused("", "PUT", "/v1/x"))
        assert _mock_body(mocks[path]) == expected.body
        assert mocks[path]["MethodResponses"][0]["StatusCode"] == "404"
    assert set(template.paths().values()) == set(mocks)


@pytest.mark.promise("18.11")
@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)
@pytest.mark.parametrize(
    "path",
    ["/files", "/uploads/a/b", "/vector_stores/vs_1", "/chat/completions", "/filesx", "/x'y"],
)
def test_what_the_original_had_is_told_from_a_wrong_path(
    template: Template, door: Door, path: str
) -> None:
    """The catch-all of each door answers what the local server does."""
    asked = f"/v1{door.prefix}{path}"
    expected = no_route(asked)(Refused("", "PUT", asked))
    assert ("Invalid URL" in expected.body["error"]["message"]) == path.startswith(
        ("/filesx", "/x")
    )
    mock = _mocks(template)[f"{door.prefix}/{{proxy+}}"]
    assert _mock_body(mock, asked) == expected.body
    assert mock["MethodResponses"][0]["StatusCode"] == str(expected.status)


@pytest.mark.promise("18.8", "1.10")
def test_a_refusal_needs_no_key_and_takes_any_common_body(template: Template) -> None:
    """A MOCK method answers before the authorizer, with a request id, whatever the body is."""
    for method in _mocks(template).values():
        assert method["AuthorizationType"] == "NONE"
        integration = method["Integration"]
        assert integration["Type"] == "MOCK"
        status = int(method["MethodResponses"][0]["StatusCode"])
        assert {"application/json", "multipart/form-data"} <= set(integration["RequestTemplates"])
        for template_ in integration["RequestTemplates"].values():
            assert json.loads(template_) == {"statusCode": status}
        (response,) = integration["IntegrationResponses"]
        assert response["StatusCode"] == str(status)
        assert (
            response["ResponseParameters"].items()
            >= {
                "method.response.header.x-request-id": "context.requestId",
                "method.response.header.openai-version": "'2020-10-01'",
            }.items()
        )
        shown = method["MethodResponses"][0]["ResponseParameters"]
        assert shown == dict.fromkeys(response["ResponseParameters"], True)


@pytest.mark.promise("18.8", "1.10")
def test_every_gateway_response_carries_the_envelope_and_a_request_id(template: Template) -> None:
    """What API Gateway answers by itself reads like every other error."""
    found = template.of_type("AWS::ApiGateway::GatewayResponse").values()
    assert {response["ResponseType"] for response in found} == set(GATEWAY_RESPONSES)
    for response in found:
        (body,) = response["ResponseTemplates"].values()
        assert set(json.loads(body)["error"]) == _KEYS
        parameters = response["ResponseParameters"]
        assert parameters["gatewayresponse.header.x-request-id"] == "context.requestId"
        assert parameters["gatewayresponse.header.openai-version"] == "'2020-10-01'"


@pytest.mark.promise("18.6")
def test_a_wrong_key_is_answered_with_its_mask(template: Template) -> None:
    """The authorizer's context holds the mask; the text and code are the contract's."""
    found = template.of_type("AWS::ApiGateway::GatewayResponse").values()
    (denied,) = (r for r in found if r["ResponseType"] == "ACCESS_DENIED")
    assert denied["StatusCode"] == "401"
    error = json.loads(denied["ResponseTemplates"]["application/json"])["error"]
    assert error["message"] == (
        "Incorrect API key provided: $context.authorizer.masked_key. "
        "You can find your API key at https://platform.openai.com/account/api-keys."
    )
    assert error["code"] == "invalid_api_key"


def test_headers_of_gateway_responses_are_quoted(template: Template) -> None:
    """API Gateway takes a fixed value in quotes only: `'1'`."""
    found = template.of_type("AWS::ApiGateway::GatewayResponse").values()
    (throttled,) = (r for r in found if r["ResponseType"] == "THROTTLED")
    assert throttled["ResponseParameters"]["gatewayresponse.header.retry-after"] == "'1'"


def test_the_default_responses_keep_each_answer_s_own_status(template: Template) -> None:
    """A default stands for many answers: only its words are ours."""
    found = template.of_type("AWS::ApiGateway::GatewayResponse").values()
    without = {r["ResponseType"] for r in found if "StatusCode" not in r}
    assert without == {"DEFAULT_4XX", "DEFAULT_5XX"}


def test_a_change_of_an_answer_is_deployed(template: Template) -> None:
    """API Gateway serves a snapshot: it is made after every method and gateway response."""
    (deployment,) = (
        r for r in template.resources.values() if r["Type"] == "AWS::ApiGateway::Deployment"
    )
    parts = {
        *template.of_type("AWS::ApiGateway::Method"),
        *template.of_type("AWS::ApiGateway::GatewayResponse"),
    }
    assert parts <= set(deployment["DependsOn"])
