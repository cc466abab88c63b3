"""Requests made of the OpenAPI document: bodies that fit their schema, and some that nearly do."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from functions.routes import ROUTES, Route
from infra.openapi.document import document
from tests.api.schemas import Schema, resolved

_TEXTS = st.text(max_size=20) | st.sampled_from(
    [
        "",
        "\x00",
        "\ud7ff",
        "\U0001f600",
        "null",
        "text",
        "function",
        "gpt-4o",
        "undefined",
        "x" * 300,
    ]
)
_NUMBERS = st.integers() | st.sampled_from([0, -1, 1, 101, 255, 256, 2**31, 10**30, 0.5, 1e300])
_SCALARS = st.none() | st.booleans() | _NUMBERS | _TEXTS
ANYTHING = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=6,
)
_NO_JSON = st.binary(max_size=30) | st.sampled_from(
    [b"{", b"[" * 2000, b'{"a": 1e999}', b'"\\ud800"']
)


@dataclass(frozen=True)
class Generated:
    """A request whose ids are open: `picks` says which known object each is to be, if any."""

    route: Route
    body: Any
    query: Mapping[str, Any]
    picks: Sequence[int]
    garbage: Mapping[str, str]


def fitting(schema: Schema) -> st.SearchStrategy[Any]:
    """Values that fit the schema."""
    schema = resolved(schema)
    for union in ("anyOf", "oneOf"):
        if union in schema:
            return st.one_of(*map(fitting, schema[union]))
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    return _OF_TYPE[schema["type"]](schema) if "type" in schema else ANYTHING


def _strings(schema: Schema) -> st.SearchStrategy[str]:
    longest = schema.get("maxLength", 1000)
    if "pattern" in schema:
        matching = st.from_regex(re.compile(str(schema["pattern"])), fullmatch=True)
        return matching.map(lambda text: text[:longest])
    return st.text(max_size=min(longest, 20)) | st.just("é" * min(longest, 2000))


def _integers(schema: Schema) -> st.SearchStrategy[int]:
    return st.integers(schema.get("minimum"), schema.get("maximum"))


def _numbers(schema: Schema) -> st.SearchStrategy[float]:
    low, high = schema.get("minimum"), schema.get("maximum")
    return st.floats(low, high, allow_nan=False, allow_infinity=False) | _integers(schema)


def _arrays(schema: Schema) -> st.SearchStrategy[list[Any]]:
    low = schema.get("minItems", 0)
    return st.lists(fitting(schema["items"]), min_size=low, max_size=low + 3)


def _objects(schema: Schema) -> st.SearchStrategy[dict[str, Any]]:
    if "properties" in schema:
        return _known_objects(schema)
    values = schema.get("additionalProperties", True)
    names = fitting({"type": "string", **schema.get("propertyNames", {})})
    return st.dictionaries(names, ANYTHING if values is True else fitting(values), max_size=3)


@st.composite
def _known_objects(draw: st.DrawFn, schema: Schema) -> dict[str, Any]:
    """What is required, and a few of what is not: of everything something would be refused."""
    required = schema.get("required", [])
    optional = sorted(schema["properties"].keys() - set(required))
    some = draw(st.lists(st.sampled_from(optional), max_size=4, unique=True)) if optional else []
    return {name: draw(fitting(schema["properties"][name])) for name in [*required, *some]}


_OF_TYPE: Mapping[str, Any] = {
    "string": _strings,
    "integer": _integers,
    "number": _numbers,
    "boolean": lambda _: st.booleans(),
    "null": lambda _: st.none(),
    "array": _arrays,
    "object": _objects,
}


@st.composite
def nearly(draw: st.DrawFn, fit: st.SearchStrategy[Any]) -> Any:
    """A value that fits, but for one place: another value there, none, or one more."""
    value = draw(fit)
    holders = [holder for holder in _holders(value) if holder]
    if not holders:
        return draw(ANYTHING)
    holder = draw(st.sampled_from(holders))
    place = draw(
        st.sampled_from(sorted(holder) if isinstance(holder, dict) else range(len(holder)))
    )
    match draw(st.sampled_from(["replace", "remove", "add"])):
        case "replace":
            holder[place] = draw(ANYTHING)
        case "remove":
            del holder[place]
        case _ if isinstance(holder, dict):
            holder[draw(_TEXTS)] = draw(ANYTHING)
        case _:
            holder.append(draw(ANYTHING))
    return value


def _holders(value: Any) -> list[Any]:
    """Every object and array in the value."""
    if not isinstance(value, dict | list):
        return []
    inner = value.values() if isinstance(value, dict) else value
    return [value, *(holder for each in inner for holder in _holders(each))]


def requests() -> st.SearchStrategy[Generated]:
    """Requests to any endpoint."""
    return st.one_of(*[_requests(route) for route in ROUTES])


def _requests(route: Route) -> st.SearchStrategy[Generated]:
    operation = document()["paths"][route.path][route.method.lower()]
    names = re.findall(r"\{(\w+)\}", route.path)
    return st.builds(
        Generated,
        st.just(route),
        _bodies(operation),
        _queries(operation),
        st.lists(st.integers(0, 50), min_size=8, max_size=8),
        st.just({}) | st.dictionaries(st.sampled_from(names or ["-"]), _TEXTS, max_size=1),
    )


def _bodies(operation: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    if "requestBody" not in operation:
        return st.none()
    fit = fitting(operation["requestBody"]["content"]["application/json"]["schema"])
    return st.one_of(fit, fit, fit, nearly(fit), nearly(fit), _NO_JSON, ANYTHING)


def _queries(operation: Mapping[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    known = {
        each["name"]: st.one_of(*[fitting(each["schema"])] * 3, _SCALARS)
        for each in operation.get("parameters", ())
        if each["in"] == "query"
    }
    return st.fixed_dictionaries({}, optional=known)
