"""The document's schemas: the bodies' own models and the shapes of answers, by name."""

from typing import Any, get_type_hints

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from infra.openapi.operations import OPERATIONS, item_of
from infra.openapi.parameters import Schema
from threadkeep.wire.shapes import ErrorResponse

_REF = "#/components/schemas/{model}"


def schemas() -> Schema:
    """Every shape that an operation mentions, and what those mention."""
    shapes: dict[str, Any] = {name(ErrorResponse): ErrorResponse}
    pages: Schema = {}
    for operation in OPERATIONS.values():
        if operation.body:
            shapes[name(operation.body)] = operation.body
        if item := item_of(operation.answer):
            pages[name(operation.answer)] = _page(item)
        elif operation.answer:
            shapes[name(operation.answer)] = operation.answer
    return dict(sorted({**_generated(shapes), **pages}.items()))


def reference(shape: Any) -> Schema:
    """The schema that stands for a shape."""
    return {"$ref": _REF.format(model=name(shape))}


def name(shape: Any) -> str:
    """What a shape is called among the schemas."""
    if item := item_of(shape):
        return f"{name(item).removesuffix('Object')}Page"
    return str(shape.__name__)


def id_schema(shape: Any) -> Schema:
    """The schema of the ids of such objects."""
    return TypeAdapter(get_type_hints(shape, include_extras=True)["id"]).json_schema()


class _Schemas(GenerateJsonSchema):
    """Without titles that only repeat the names of fields."""

    def field_title_should_be_set(self, _schema: object) -> bool:
        return False


def _generated(shapes: dict[str, Any]) -> Schema:
    """The schemas of models and typed dicts; nothing may have more keys than are listed."""
    inputs: Any = [(key, "validation", TypeAdapter(shape)) for key, shape in shapes.items()]
    _, found = TypeAdapter.json_schemas(inputs, ref_template=_REF, schema_generator=_Schemas)
    for schema in found["$defs"].values():
        if "properties" in schema:
            schema["additionalProperties"] = False
    definitions: Schema = found["$defs"]
    return definitions


def _page(item: Any) -> Schema:
    id_or_null = {"anyOf": [id_schema(item), {"type": "null"}]}
    return _object(
        {
            "object": {"const": "list", "type": "string"},
            "data": {"type": "array", "items": reference(item), "maxItems": 100},
            "first_id": id_or_null,
            "last_id": id_or_null,
            "has_more": {"type": "boolean"},
        }
    )


def _object(properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
