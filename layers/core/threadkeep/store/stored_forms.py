"""Content parts and calls as they are stored: the JSON that the API shows of them."""

from collections.abc import Mapping
from typing import Any

from threadkeep.domain.content import ContentPart, ImageFile, ImageUrl, TextPart
from threadkeep.domain.tool_calls import ToolCall


def stored_part(part: ContentPart) -> dict[str, Any]:
    match part:
        case TextPart(value, annotations):
            text = {"value": value, "annotations": list(annotations)}
            return {"type": "text", "text": text}
        case ImageUrl(url, detail):
            return {"type": "image_url", "image_url": {"url": url, "detail": detail}}
        case ImageFile(file_id, detail):
            return {"type": "image_file", "image_file": {"file_id": file_id, "detail": detail}}


def part_of(stored: Mapping[str, Any]) -> ContentPart:
    fields = stored[stored["type"]]
    match stored["type"]:
        case "text":
            return TextPart(fields["value"], tuple(fields["annotations"]))
        case "image_url":
            return ImageUrl(**fields)
        case "image_file":
            return ImageFile(**fields)
        case unknown:
            raise ValueError(f"no part of a message: {unknown}")


def stored_call(call: ToolCall) -> dict[str, Any]:
    function = {"name": call.name, "arguments": call.arguments, "output": call.output}
    return {"id": call.id, "type": "function", "function": function}


def call_of(stored: Mapping[str, Any]) -> ToolCall:
    return ToolCall(id=stored["id"], **stored["function"])
