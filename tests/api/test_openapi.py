"""The OpenAPI document describes every endpoint as it is."""

import json
import re
from typing import Any

import pytest

from functions.routes import ROUTES, Route
from infra.local.aws.gateway import Gateway
from infra.local.aws.proxy_event import HttpRequest
from infra.local.http.front import answer
from infra.local.http.openapi import PATH, with_document
from infra.openapi.document import document, text
from tests.api.schemas import violations
from tests.unit.local.loopback import ask, serving


def named(route: Route) -> str:
    return f"{route.method} {route.path}"


@pytest.mark.parametrize("route", ROUTES, ids=named)
def test_every_route_is_described(route: Route) -> None:
    """With its parameters, by name, and one good answer, unless it has none."""
    operation = document()["paths"][route.path][route.method.lower()]
    in_path = [each["name"] for each in operation.get("parameters", ()) if each["in"] == "path"]
    assert in_path == re.findall(r"\{(\w+)\}", route.path)
    good = set() if route.handler == "functions.models.delete" else {"200"}
    assert set(operation["responses"]) == {*good, "4XX", "5XX"}
    assert all(operation["responses"][status]["content"] for status in good)


def test_every_operation_has_a_name_of_its_own() -> None:
    """No two have the same id."""
    ids = [o["operationId"] for path in document()["paths"].values() for o in path.values()]
    assert len(set(ids)) == len(ids) == len(ROUTES)


def test_every_schema_is_closed_and_used() -> None:
    """Objects list their keys, references lead somewhere, and names are plain."""
    schemas: dict[str, Any] = document()["components"]["schemas"]
    for name, schema in schemas.items():
        assert re.fullmatch("[A-Za-z]+", name)
        if "properties" in schema:
            assert schema["additionalProperties"] is False
    used = set(re.findall(r'"#/components/schemas/(\w+)"', text()))
    assert used == set(schemas)


@pytest.mark.parametrize(
    ("value", "schema"),
    [
        ("x", {"type": "integer"}),
        (True, {"type": "integer"}),
        (1, {"const": True}),
        ("c", {"enum": ["a", "b"]}),
        (5, {"anyOf": [{"type": "string"}, {"type": "null"}]}),
        (1, {"oneOf": [{"type": "integer"}, {"type": "number"}]}),
        ("run_-", {"pattern": "^run_[0-9A-Za-z]+$"}),
        ("abc", {"maxLength": 2}),
        (1, {"minimum": 2}),
        (3, {"maximum": 2}),
        (["x"], {"items": {"type": "integer"}}),
        ([], {"minItems": 1}),
        ([1, 2], {"maxItems": 1}),
        ({}, {"required": ["a"]}),
        ({"a": 1}, {"properties": {"a": {"type": "string"}}}),
        ({"b": 1}, {"properties": {"a": {}}, "additionalProperties": False}),
        ({"b": 1}, {"additionalProperties": {"type": "string"}}),
        ({"abc": 1}, {"propertyNames": {"maxLength": 2}}),
        ({"a": 1, "b": 2}, {"maxProperties": 1}),
        ({"error": {"message": "x"}}, {"$ref": "#/components/schemas/ErrorResponse"}),
    ],
)
def test_the_check_of_schemas_finds_what_is_wrong(value: Any, schema: Any) -> None:
    """Every keyword that the document uses is really looked at."""
    assert list(violations(value, schema))


def test_an_unknown_keyword_is_not_passed_over() -> None:
    """The check knows every keyword of the document, or raises."""
    with pytest.raises(KeyError):
        list(violations("x", {"minLength": 5}))


def test_the_document_is_served_without_a_key(gateway: Gateway) -> None:
    """At `/openapi.json`; every other path is still the gateway's."""
    admit = with_document(gateway.admit)
    with serving(admit) as port:
        status, headers, served = ask(port, path=PATH)
        assert (status, headers["content-type"]) == (200, "application/json")
        assert served == json.loads(text())
        assert ask(port, method="POST", path=PATH)[0] == 404
        assert ask(port, path="/v1/models")[0] == 401
    assert answer(admit, HttpRequest("GET", f"/v1{PATH}"), b"").status == 404
