"""What bodies are made of: the strict base, and the types that several bodies share."""

import json
import re
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    JsonValue,
    StringConstraints,
    Tag,
)
from pydantic_core import PydanticCustomError

from threadkeep.domain.tool_calls import MAX_CALL_ID
from threadkeep.wire.ids import id_schema, well_formed

MAX_INTEGER = 2**31 - 1
_URL = re.compile(r"https?://[^\s/?#]\S*", re.IGNORECASE)


class RequestBody(BaseModel):
    """Strict, closed, and silent about its input in errors."""

    model_config = ConfigDict(
        strict=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True
    )


class Part(RequestBody):
    """An object inside a body. Its validator is built as a part of the body's."""

    model_config = ConfigDict(defer_build=True)


def _finite(value: dict[str, Any]) -> dict[str, Any]:
    """Infinity and NaN pass for JSON values in pydantic, but they are not JSON."""
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        raise PydanticCustomError("finite_number", "a finite number") from None
    return value


def _web_url(value: str) -> str:
    if not _URL.fullmatch(value):
        raise PydanticCustomError("wrong_url", "a URL")
    return value


def _assistant_id(value: str) -> str:
    if not well_formed(value, "asst"):
        raise PydanticCustomError("wrong_id", "asst")
    return value


Metadata = Annotated[
    dict[
        Annotated[str, StringConstraints(max_length=64)],
        Annotated[str, StringConstraints(max_length=512)],
    ],
    Field(max_length=16),
]
LongText = Annotated[str, StringConstraints(max_length=256_000)]
# What an app's function gave: as much as a transaction takes.
ToolOutputText = Annotated[str, StringConstraints(max_length=3_500_000)]
CallId = Annotated[str, StringConstraints(max_length=MAX_CALL_ID)]
WebUrl = Annotated[
    str,
    StringConstraints(max_length=8_192),
    AfterValidator(_web_url),
    Field(json_schema_extra={"pattern": "^[hH][tT][tT][pP][sS]?://"}),
]
Model = Annotated[str, StringConstraints(max_length=256)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_-]+$", max_length=64)]
FileId = Annotated[str, StringConstraints(max_length=64)]  # files and vector stores: any service's
AssistantId = Annotated[
    str,
    AfterValidator(_assistant_id),
    Field(json_schema_extra={**id_schema("asst")}),
]
Object = Annotated[dict[str, JsonValue], AfterValidator(_finite)]
Temperature = Annotated[float, Field(ge=0, le=2)]
TopP = Annotated[float, Field(ge=0, le=1)]

STRING = Tag("(string)")
ARRAY = Tag("(array)")
OBJECT = Tag("(object)")


def _shape(value: object) -> str | None:
    """The tag of a value in a union of JSON types."""
    match value:
        case str():
            return "(string)"
        case list():
            return "(array)"
        case dict():
            return "(object)"
    return None


def string_or(other: str) -> Discriminator:
    """Tells a string from `other` ("an object", …)."""
    return Discriminator(
        _shape, custom_error_type="wrong_shape", custom_error_message=f"one of a string or {other}"
    )
