"""The format that the model must answer in."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field

from threadkeep.domain.json_values import JSONObject
from threadkeep.wire.bodies.fields import OBJECT, STRING, LongText, Name, Object, Part, string_or


class TextFormat(Part):
    """Text, the default."""

    type: Literal["text"]


class JSONFormat(Part):
    """Any JSON object."""

    type: Literal["json_object"]


class Schema(Part):
    """A named JSON Schema."""

    name: Name
    description: LongText | None = None
    schema_: Annotated[Object | None, Field(alias="schema")] = None
    strict: bool | None = None


class SchemaFormat(Part):
    """JSON by a schema."""

    type: Literal["json_schema"]
    json_schema: Schema


_Format = Annotated[TextFormat | JSONFormat | SchemaFormat, Discriminator("type")]
ResponseFormat = Annotated[
    Annotated[Literal["auto"], STRING] | Annotated[_Format, OBJECT], string_or("an object")
]


def response_format_json(format_: ResponseFormat | None) -> str | JSONObject:
    """The format as it is stored and shown: as given, without nulls but for the schema's own."""
    if format_ is None:
        return "auto"
    if isinstance(format_, str):
        return format_
    if not isinstance(format_, SchemaFormat):
        return {"type": format_.type}
    given = format_.json_schema
    shown: dict[str, Any] = {
        "name": given.name,
        "description": given.description,
        "schema": given.schema_,
        "strict": given.strict,
    }
    shown = {name: value for name, value in shown.items() if value is not None}
    return {"type": format_.type, "json_schema": shown}
