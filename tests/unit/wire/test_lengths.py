"""Every string of a request has a maximum length, checked before anything else looks at it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from tests.unit.wire.sent import message, part
from threadkeep.domain.errors import InvalidRequest
from threadkeep.wire.bodies.assistants import CreateAssistant, ModifyAssistant
from threadkeep.wire.bodies.messages import CreateMessage, ModifyMessage
from threadkeep.wire.bodies.runs import (
    CreateRun,
    CreateThreadAndRun,
    ModifyRun,
    SubmitToolOutputs,
)
from threadkeep.wire.bodies.threads import CreateThread, ModifyThread
from threadkeep.wire.validation import parse

OPTIONAL = (CreateThread, ModifyThread, ModifyAssistant, ModifyMessage, ModifyRun)
REQUIRED = (CreateAssistant, CreateMessage, CreateRun, CreateThreadAndRun, SubmitToolOutputs)


def unlimited(schema: Any, path: str, definitions: dict[str, Any], *within: str) -> Iterator[str]:
    """Where a string may be of any length. A `JsonValue` has no type: it may be any JSON, which is
    limited by the body alone, and nothing looks into it but the writer of JSON.
    """
    if isinstance(schema, list):
        for number, each in enumerate(schema):
            yield from unlimited(each, f"{path}[{number}]", definitions, *within)
    if not isinstance(schema, dict):
        return
    name = schema.get("$ref", "").rpartition("/")[2]
    if name and name not in within:
        yield from unlimited(definitions[name], f"{path}/{name}", definitions, *within, name)
    if schema.get("type") == "string" and not {"maxLength", "enum", "const"} & schema.keys():
        yield path
    for key, inner in schema.items():
        if key != "$defs":
            yield from unlimited(inner, f"{path}.{key}", definitions, *within)


@pytest.mark.parametrize("body", [*OPTIONAL, *REQUIRED])
def test_every_string_of_a_body_has_a_maximum_length(body: type[BaseModel]) -> None:
    """Also those of parts of parts."""
    schema = body.model_json_schema()
    assert list(unlimited(schema, body.__name__, schema.get("$defs", {}))) == []


def test_the_length_is_looked_at_before_the_form() -> None:
    """A text of megabytes that is no URL, and no name, is too long first of all."""
    url = part(type="image_url", image_url={"url": "https://" + "a" * 4_000_000 + " "})
    with pytest.raises(InvalidRequest, match="string too long") as refused:
        parse(CreateMessage, json.dumps(url))
    assert refused.value.param == "content[0].image_url.url"
    name = {"type": "function", "function": {"name": "!" * 4_000_000}}
    with pytest.raises(InvalidRequest, match="string too long"):
        parse(CreateAssistant, json.dumps({"model": "m", "tools": [name]}))


@pytest.mark.promise("1.17")
@pytest.mark.parametrize("body", OPTIONAL)
@pytest.mark.parametrize("sent", ["[]", " [] \n"])
def test_an_empty_array_is_as_good_as_no_body(body: type[BaseModel], sent: str) -> None:
    """PHP sends its empty array so."""
    assert parse(body, sent) == parse(body, "{}") == parse(body, None)


@pytest.mark.parametrize("body", REQUIRED)
def test_an_empty_array_is_no_body_where_one_is_required(body: type[BaseModel]) -> None:
    """It is refused as what it is."""
    with pytest.raises(InvalidRequest, match="expected an object, but got an array"):
        parse(body, "[]")


@pytest.mark.parametrize("sent", ['{"metadata": []}', "[{}]", "[[]]"])
def test_an_empty_array_is_an_object_only_as_the_whole_body(sent: str) -> None:
    """Nothing deeper."""
    with pytest.raises(InvalidRequest, match="got an array"):
        parse(CreateThread, sent)


def test_a_message_of_an_ordinary_length_is_taken() -> None:
    """The limits are none for what apps send."""
    url = "https://bucket.s3.amazonaws.com/a.png?X-Amz-Security-Token=" + "a" * 4_000
    content = [{"type": "image_url", "image_url": {"url": url}}]
    assert parse(CreateMessage, json.dumps(message(content=content))).parts()
