"""JSON Schema, as far as our document uses it: what is wrong with a value.

A keyword that is not known here raises, so nothing in the document goes unchecked.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from infra.openapi.document import document

Schema = Mapping[str, Any]

_ANNOTATIONS = {"description", "default", "discriminator", "title"}
_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}


def resolved(schema: Schema) -> Schema:
    """The schema itself, where a reference stands for it."""
    while "$ref" in schema:
        *_, name = schema["$ref"].split("/")
        schema = document()["components"]["schemas"][name]
    return schema


def violations(value: Any, schema: Schema, at: str = "$") -> Iterator[str]:
    """Where and why the value does not fit."""
    schema = resolved(schema)
    for keyword, wanted in schema.items():
        if keyword not in _ANNOTATIONS:
            yield from _CHECKS[keyword](value, wanted, schema, at)


def _any_of(value: Any, wanted: Any, _schema: Schema, at: str) -> Iterator[str]:
    found = [list(violations(value, each, at)) for each in wanted]
    if all(found):
        yield from min(found, key=len)


def _one_of(value: Any, wanted: Any, _schema: Schema, at: str) -> Iterator[str]:
    fitting = [each for each in wanted if not list(violations(value, each, at))]
    if len(fitting) != 1:
        yield f"{at}: fits {len(fitting)} of {len(wanted)} schemas"


def _properties(value: Any, wanted: Any, _schema: Schema, at: str) -> Iterator[str]:
    for name in wanted.keys() & value.keys():
        yield from violations(value[name], wanted[name], f"{at}.{name}")


def _additional(value: Any, wanted: Any, schema: Schema, at: str) -> Iterator[str]:
    for name in value.keys() - schema.get("properties", {}).keys():
        if wanted is False:
            yield f"{at}.{name}: not in the document"
        elif wanted is not True:
            yield from violations(value[name], wanted, f"{at}.{name}")


def _items(value: Any, wanted: Any, _schema: Schema, at: str) -> Iterator[str]:
    for index, item in enumerate(value):
        yield from violations(item, wanted, f"{at}[{index}]")


def _names(value: Any, wanted: Any, _schema: Schema, at: str) -> Iterator[str]:
    for name in value:
        yield from violations(name, wanted, f"{at} (a name)")


_Check = Callable[[Any, Any, Schema, str], Iterator[str]]


def _unless(holds: Callable[[Any, Any], bool]) -> _Check:
    def check(value: Any, wanted: Any, _schema: Schema, at: str) -> Iterator[str]:
        if not holds(value, wanted):
            yield f"{at}: {value!r:.80} is not {wanted!r:.80}"

    return check


def _for(kind: str, check: _Check) -> _Check:
    """A keyword that says nothing about other types."""

    def checked(value: Any, wanted: Any, schema: Schema, at: str) -> Iterator[str]:
        if _TYPES[kind](value):
            yield from check(value, wanted, schema, at)

    return checked


_CHECKS: Mapping[str, _Check] = {
    "type": _unless(lambda value, wanted: _TYPES[wanted](value)),
    "const": _unless(lambda value, wanted: (type(value), value) == (type(wanted), wanted)),
    "enum": _unless(lambda value, wanted: value in wanted),
    "anyOf": _any_of,
    "oneOf": _one_of,
    "pattern": _for("string", _unless(lambda v, wanted: re.search(wanted, v) is not None)),
    "maxLength": _for("string", _unless(lambda value, wanted: len(value) <= wanted)),
    "minimum": _for("number", _unless(lambda value, wanted: value >= wanted)),
    "maximum": _for("number", _unless(lambda value, wanted: value <= wanted)),
    "items": _for("array", _items),
    "minItems": _for("array", _unless(lambda value, wanted: len(value) >= wanted)),
    "maxItems": _for("array", _unless(lambda value, wanted: len(value) <= wanted)),
    "properties": _for("object", _properties),
    "required": _for("object", _unless(lambda value, wanted: set(wanted) <= value.keys())),
    "additionalProperties": _for("object", _additional),
    "propertyNames": _for("object", _names),
    "maxProperties": _for("object", _unless(lambda value, wanted: len(value) <= wanted)),
}
