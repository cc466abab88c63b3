"""The document's schemas: the bodies' own models and the shapes of answers, by name."""

from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from infra.openapi.answers import ErrorResponse
from infra.openapi.operations import OPERATIONS, Deleted, PageOf
from infra.openapi.parameters import id_schema

JSONObject = dict[str, Any]

_REF = "#/components/schemas/{model}"


def schemas() -> JSONObject:
    """Every shape that an operation mentions, and what those mention."""
    shapes: dict[str, Any] = {name(ErrorResponse): ErrorResponse}
    made: JSONObject = {}
    for operation in OPERATIONS.values():
        if operation.body:
            shapes[name(operation.body)] = operation.body
        match operation.answer:
            case PageOf() as page:
                made[name(page)] = _page(page)
            case Deleted() as deleted:
                made[name(deleted)] = _deleted(deleted)
            case None:
                pass
            case shape:
                shapes[name(shape)] = shape
    return dict(sorted({**_generated(shapes), **made}.items()))


def reference(shape: Any) -> JSONObject:
    """The schema that stands for a shape."""
    return {"$ref": _REF.format(model=name(shape))}


def name(shape: Any) -> str:
    """What a shape is called among the schemas."""
    match shape:
        case PageOf():
            return f"{name(shape.shape).removesuffix('Object')}Page"
        case Deleted():
            return f"Deleted{shape.kind.rpartition('.')[2].capitalize()}"
    return str(shape.__name__)


class _Schemas(GenerateJsonSchema):
    """Without titles that only repeat the names of fields."""

    def field_title_should_be_set(self, _schema: object) -> bool:
        return False


def _generated(shapes: dict[str, Any]) -> JSONObject:
    """The schemas of models and typed dicts; nothing may have more keys than are listed."""
    inputs: Any = [(key, "validation", TypeAdapter(shape)) for key, shape in shapes.items()]
    _, found = TypeAdapter.json_schemas(inputs, ref_template=_REF, schema_generator=_Schemas)
    for schema in found["$defs"].values():
        if "properties" in schema:
            schema["additionalProperties"] = False
    definitions: JSONObject = found["$defs"]
    return definitions


def _page(page: PageOf) -> JSONObject:
    id_or_null = {"anyOf": [id_schema(page.prefix), {"type": "null"}]}
    return _object(
        {
            "object": {"const": "list", "type": "string"},
            "data": {"type": "array", "items": reference(page.shape), "maxItems": 100},
            "first_id": id_or_null,
            "last_id": id_or_null,
            "has_more": {"type": "boolean"},
        }
    )


def _deleted(deleted: Deleted) -> JSONObject:
    return _object(
        {
            "id": id_schema(deleted.prefix),
            "object": {"const": f"{deleted.kind}.deleted", "type": "string"},
            "deleted": {"const": True, "type": "boolean"},
        }
    )


def _object(properties: JSONObject) -> JSONObject:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
