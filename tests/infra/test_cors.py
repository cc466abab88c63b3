"""CORS in the template: what API Gateway says to browsers by itself."""

from collections.abc import Mapping

import pytest

from infra.aws.cors import Cors
from tests.infra.conftest import ORIGINS, Synthesized
from tests.infra.template import Properties, Template
from tests.infra.velocity import Velocity
from threadkeep.wire import cors

SENT = "authorization,content-type,x-stainless-arch"
EVIL = "https://evil.example"
ALLOWED = "access-control-allow-origin"


def _mocks(template: Template) -> list[Properties]:
    return [m for (method, _), m in template.methods().items() if method == "ANY"]


def _answered(mock: Properties, method: str, **headers: str) -> tuple[int, dict[str, str], str]:
    """Status, headers and body of a MOCK method's answer."""
    emulator, integration = Velocity(method, "/v1/x", headers), mock["Integration"]
    told = emulator.text(integration["RequestTemplates"]["application/json"])
    by_pattern = {r.get("SelectionPattern"): r for r in integration["IntegrationResponses"]}
    response = by_pattern["204"] if told == '{"statusCode": 204}' else by_pattern[None]
    assert told == f'{{"statusCode": {response["StatusCode"]}}}'
    declared = {r["StatusCode"]: r["ResponseParameters"] for r in mock["MethodResponses"]}
    assert declared[response["StatusCode"]] == dict.fromkeys(response["ResponseParameters"], True)
    body = emulator.text(response["ResponseTemplates"]["application/json"])
    fixed = _fixed(response["ResponseParameters"], "method.response.header.")
    assert fixed.keys().isdisjoint(emulator.set_headers), "API Gateway fails on a header set twice"
    return int(response["StatusCode"]), {**fixed, **emulator.set_headers}, body


def _fixed(parameters: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {name.removeprefix(prefix): value.strip("'") for name, value in parameters.items()}


@pytest.mark.promise("1.19")
@pytest.mark.parametrize("lower", [False, True])
def test_every_resource_answers_preflights_as_the_local_server_does(
    synthesized: Synthesized, lower: bool
) -> None:
    """Without a key and a body, however the names of headers are written: HTTP/2 has small letters
    alone.
    """
    mocks = _mocks(synthesized.production)
    assert len(mocks) == len(synthesized.production.paths())
    cases = [(page, wanted) for page in (*ORIGINS, EVIL, "") for wanted in (SENT, "a;b", "")]
    for mock in mocks:
        for page, wanted in cases:
            given = {"Origin": page, "Access-Control-Request-Headers": wanted}
            sent = {(name.lower() if lower else name): v for name, v in given.items() if v}
            status, headers, body = _answered(mock, "OPTIONS", **sent)
            assert (status, body) == (204, "")
            assert headers.items() >= cors.on_preflight(ORIGINS, page, wanted).items()
            assert headers.get(ALLOWED) == (page if page in ORIGINS else None)
            assert ("access-control-allow-headers" in headers) == (
                page in ORIGINS and wanted == SENT
            )


@pytest.mark.promise("1.19")
def test_every_refusal_of_the_gateway_is_readable(synthesized: Synthesized) -> None:
    """Gateway responses can't compare origins: of several they name none, and hold nothing."""
    template = synthesized.production
    told = [_answered(mock, "GET", Origin=ORIGINS[0])[1] for mock in _mocks(template)]
    responses = template.of_type("AWS::ApiGateway::GatewayResponse").values()
    told += [_fixed(r["ResponseParameters"], "gatewayresponse.header.") for r in responses]
    for headers in told:
        assert headers[ALLOWED] == "*"
        assert headers["access-control-expose-headers"] == cors.EXPOSED
        assert "access-control-allow-credentials" not in headers


@pytest.mark.promise("1.19")
def test_the_only_origin_is_named_in_every_refusal() -> None:
    """With one origin, or `*`, nothing has to be compared."""
    assert Cors(["https://app.example"]).on_refusals[ALLOWED] == "'https://app.example'"
    assert Cors(["*"]).on_refusals[ALLOWED] == "'*'"
    assert Cors(["https://app.example", "*"]).on_refusals[ALLOWED] == "'*'"


@pytest.mark.promise("1.19")
def test_all_origins() -> None:
    """`*` is said to whoever asks, and the headers that were asked for come back all the same."""
    allowed = Cors([*ORIGINS, "*"])
    emulator = Velocity("OPTIONS", "/v1/x", {"access-control-request-headers": SENT})
    assert emulator.text(allowed.preflight) == ""
    fixed = _fixed(allowed.on_preflights, "")
    assert {**fixed, **emulator.set_headers} == cors.on_preflight(["*"], EVIL, SENT)
    assert fixed.keys().isdisjoint(emulator.set_headers)


def test_without_origins_api_gateway_says_nothing(template: Template) -> None:
    """None is the default: OPTIONS is a method like any other."""
    for mock in _mocks(template):
        status, headers, _ = _answered(mock, "OPTIONS", Origin=ORIGINS[0])
        assert status in {404, 405}
        assert set(headers) - {"allow"} == {"x-request-id", "openai-version"}
    assert "access-control" not in template.path.read_text()
