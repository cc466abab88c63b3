"""Every validation error has the contract's text, its parameter's path and its code."""

from typing import Any

import pytest
from pydantic import BaseModel

from tests.unit.wire.sent import assistant, function, message, part, refusal, run
from threadkeep.wire.bodies.assistants import CreateAssistant
from threadkeep.wire.bodies.messages import CreateMessage
from threadkeep.wire.bodies.runs import CreateRun, CreateThreadAndRun, ModifyRun
from threadkeep.wire.bodies.threads import CreateThread, ModifyThread

Body = type[BaseModel]
TOO_LONG = "x" * 100
SHOWN = "x" * 64 + "…"
EFFORTS = "'none', 'minimal', 'low', 'medium', 'high', 'xhigh', and 'max'"
FORMATS = "'text', 'json_object', and 'json_schema'"
PARTS = "'text', 'image_file', and 'image_url'"
TOOLS = "'code_interpreter', 'function', and 'file_search'"
INFINITE_SCHEMA = (
    '{"model": "m", "tools": [{"type": "function", "function": '
    '{"name": "f", "parameters": {"maximum": [1e999]}}}]}'
)


def check(model: Body, body: Any, text: str, param: str | None, code: str) -> None:
    refused = refusal(model, body)
    assert (refused.message, refused.param, refused.code) == (text, param, code)


@pytest.mark.promise("18.4")
@pytest.mark.parametrize(
    ("model", "body", "path"),
    [
        (CreateRun, {}, "assistant_id"),
        (CreateMessage, {"role": "user"}, "content"),
        (CreateMessage, part(type="text"), "content[0].text"),
        (CreateMessage, part(text="Hello"), "content[0].type"),
        (CreateMessage, part(type="image_url", image_url={}), "content[0].image_url.url"),
        (CreateMessage, message(attachments=[{"file_id": "f"}]), "attachments[0].tools"),
        (CreateAssistant, assistant(tools=[{"type": "function"}]), "tools[0].function"),
        (CreateAssistant, function(), "tools[0].function.name"),
        (
            CreateRun,
            run(truncation_strategy={"type": "last_messages"}),
            "truncation_strategy.last_messages",
        ),
        (CreateThread, {"messages": [message(), {"role": "user"}]}, "messages[1].content"),
        (CreateThreadAndRun, run(thread={"messages": [{}]}), "thread.messages[0].role"),
    ],
)
def test_missing(model: Body, body: Any, path: str) -> None:
    """A required parameter that is absent is named."""
    text = f"Missing required parameter: '{path}'."
    check(model, body, text, path, "missing_required_parameter")


@pytest.mark.promise("1.13", "18.4")
@pytest.mark.parametrize(
    ("model", "body", "path"),
    [
        (CreateAssistant, assistant(file_ids=[]), "file_ids"),
        (CreateAssistant, assistant(**{TOO_LONG: 1}), SHOWN),
        (CreateAssistant, function(name="f", extra=1), "tools[0].function.extra"),
        (CreateAssistant, function(name="f", type=1), "tools[0].function.type"),
        (CreateAssistant, function(name="f", function=1), "tools[0].function.function"),
        (CreateAssistant, assistant(tools=[{"type": "file_search", "x": 1}]), "tools[0].x"),
        (CreateMessage, part(type="text", text="Hello", z=1), "content[0].z"),
        (
            CreateAssistant,
            assistant(
                response_format={"type": "json_schema", "json_schema": {"name": "n", "type": 1}}
            ),
            "response_format.json_schema.type",
        ),
        (ModifyRun, {"status": "completed"}, "status"),
    ],
)
def test_unknown(model: Body, body: Any, path: str) -> None:
    """A parameter that does not exist is named, and not ignored."""
    check(model, body, f"Unknown parameter: '{path}'.", path, "unknown_parameter")


@pytest.mark.promise("18.4")
@pytest.mark.parametrize(
    ("model", "body", "path", "expected", "got"),
    [
        (CreateAssistant, {"model": 5}, "model", "a string", "an integer"),
        (CreateAssistant, {"model": None}, "model", "a string", "null"),
        (CreateAssistant, assistant(name=["x"]), "name", "a string", "an array"),
        (CreateAssistant, assistant(temperature="1"), "temperature", "a decimal", "a string"),
        (CreateAssistant, assistant(tools={}), "tools", "an array", "an object"),
        (CreateAssistant, assistant(tools=[None]), "tools[0]", "an object", "null"),
        (
            CreateAssistant,
            assistant(tools=[{"type": 5}]),
            "tools[0].type",
            "one of 'code_interpreter', 'function', or 'file_search'",
            "an integer",
        ),
        (
            CreateAssistant,
            function(name="f", strict="yes"),
            "tools[0].function.strict",
            "a boolean",
            "a string",
        ),
        (
            CreateAssistant,
            function(name="f", parameters="{}"),
            "tools[0].function.parameters",
            "an object",
            "a string",
        ),
        (CreateAssistant, assistant(metadata="k"), "metadata", "an object", "a string"),
        (
            CreateAssistant,
            assistant(metadata={"modified": True}),
            "metadata.modified",
            "a string",
            "a boolean",
        ),
        (
            CreateAssistant,
            assistant(metadata={"type": "k", "k": 5}),
            "metadata.k",
            "a string",
            "an integer",
        ),
        (
            CreateAssistant,
            assistant(response_format=5),
            "response_format",
            "one of a string or an object",
            "an integer",
        ),
        (
            CreateMessage,
            message(content=None),
            "content",
            "one of a string or an array of objects",
            "null",
        ),
        (
            CreateMessage,
            part(type="text", text={"value": "x"}),
            "content[0].text",
            "a string",
            "an object",
        ),
        (CreateMessage, message(role=5), "role", "one of 'user' or 'assistant'", "an integer"),
        (CreateRun, run(max_prompt_tokens=300.5), "max_prompt_tokens", "an integer", "a decimal"),
        (CreateRun, run(max_prompt_tokens=True), "max_prompt_tokens", "an integer", "a boolean"),
        (CreateRun, run(stream="true"), "stream", "a boolean", "a string"),
        (CreateRun, run(truncation_strategy=5), "truncation_strategy", "an object", "an integer"),
    ],
)
def test_wrong_type(model: Body, body: Any, path: str, expected: str, got: str) -> None:
    """A value of another JSON type is never converted; the types are named."""
    text = f"Invalid type for '{path}': expected {expected}, but got {got} instead."
    check(model, body, text, path, "invalid_type")


@pytest.mark.parametrize(
    ("body", "got"), [("[]", "an array"), ("5", "an integer"), ("null", "null")]
)
def test_a_body_that_is_no_object(body: str, got: str) -> None:
    """JSON that is no object is refused as a whole."""
    text = f"Invalid type for the request body: expected an object, but got {got} instead."
    check(CreateRun, body, text, None, "invalid_type")


@pytest.mark.promise("18.4")
@pytest.mark.parametrize(
    ("model", "body", "path", "value", "supported"),
    [
        (CreateMessage, message(role="system"), "role", "system", "'user' and 'assistant'"),
        (
            CreateThread,
            {"messages": [message(role="system")]},
            "messages[0].role",
            "system",
            "'user' and 'assistant'",
        ),
        (CreateMessage, part(type="x"), "content[0].type", "x", PARTS),
        (CreateAssistant, assistant(tools=[{"type": "x"}]), "tools[0].type", "x", TOOLS),
        (CreateAssistant, assistant(response_format="none"), "response_format", "none", "'auto'"),
        (
            CreateAssistant,
            assistant(response_format={"type": "xml"}),
            "response_format.type",
            "xml",
            FORMATS,
        ),
        (CreateAssistant, assistant(reasoning_effort=TOO_LONG), "reasoning_effort", SHOWN, EFFORTS),
        (CreateRun, run(tool_choice="any"), "tool_choice", "any", "'none', 'auto', and 'required'"),
        (
            CreateRun,
            run(truncation_strategy={"type": "first"}),
            "truncation_strategy.type",
            "first",
            "'auto' and 'last_messages'",
        ),
        (
            CreateMessage,
            part(type="image_file", image_file={"file_id": "file-1", "detail": "max"}),
            "content[0].image_file.detail",
            "max",
            "'auto', 'low', and 'high'",
        ),
    ],
)
def test_unsupported_value(model: Body, body: Any, path: str, value: str, supported: str) -> None:
    """A value that is none of the supported ones is repeated (if short), and these are listed."""
    text = f"Invalid value: '{value}'. Supported values are: {supported}."
    check(model, body, text, path, "invalid_value")


@pytest.mark.promise("18.4")
@pytest.mark.parametrize(
    ("model", "body", "path", "expected"),
    [
        (
            CreateMessage,
            part(type="image_url", image_url={"url": "data:image/png;base64,AA"}),
            "content[0].image_url.url",
            "an http or https URL",
        ),
        (
            CreateAssistant,
            function(name="a b"),
            "tools[0].function.name",
            "a string that matches the pattern '^[a-zA-Z0-9_-]+$'",
        ),
        (CreateAssistant, '{"model":"m","temperature":1e999}', "temperature", "a finite number"),
        (CreateAssistant, '{"model":"m","top_p":NaN}', "top_p", "a finite number"),
        (
            CreateAssistant,
            INFINITE_SCHEMA,
            "tools[0].function.parameters",
            "a finite number",
        ),
    ],
)
def test_invalid_value(model: Body, body: Any, path: str, expected: str) -> None:
    """A value of the right type that is not acceptable: what is expected is said."""
    check(model, body, f"Invalid '{path}'. Expected {expected}.", path, "invalid_value")


@pytest.mark.promise("18.3")
@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("undefined", "undefined"),
        ("asst", "asst"),
        ("asst_", "asst_"),
        ("asst_a-b", "asst_a-b"),
        ("asst_1\n", "asst_1\n"),
        ("thread_1", "thread_1"),
        ("asst_" + TOO_LONG, "asst_" + "x" * 59 + "…"),
    ],
)
def test_an_id_that_is_none(sent: str, shown: str) -> None:
    """What can be no id of an assistant is refused as such: it never reaches a key."""
    text = f"Invalid 'assistant_id': '{shown}'. Expected an ID that begins with 'asst'."
    check(CreateRun, run(assistant_id=sent), text, "assistant_id", "invalid_value")


@pytest.mark.promise("18.5")
@pytest.mark.parametrize(
    ("model", "body", "path", "limit"),
    [
        (CreateMessage, message(content="é" * 256_001), "content", 256_000),
        (CreateMessage, part(type="text", text="x" * 256_001), "content[0].text", 256_000),
        (CreateAssistant, assistant(name="x" * 257), "name", 256),
        (CreateAssistant, assistant(description="x" * 513), "description", 512),
        (CreateAssistant, assistant(instructions="x" * 256_001), "instructions", 256_000),
        (CreateRun, run(instructions="x" * 256_001), "instructions", 256_000),
        (CreateAssistant, function(name="x" * 65), "tools[0].function.name", 64),
        (CreateAssistant, assistant(metadata={"k": "x" * 513}), "metadata.k", 512),
    ],
)
def test_string_too_long(model: Body, body: Any, path: str, limit: int) -> None:
    """A string of one character too many is refused with both lengths, counted in characters."""
    text = (
        f"Invalid '{path}': string too long. Expected a string with maximum length {limit}, "
        f"but got a string with length {limit + 1} instead."
    )
    check(model, body, text, path, "string_above_max_length")


@pytest.mark.parametrize("metadata", [{"x" * 65: "v"}, {"x" * 65: "v", "type": "x" * 65}])
def test_property_name_too_long(metadata: dict[str, str]) -> None:
    """A metadata key of one character too many is refused, whatever else the map holds."""
    text = (
        f"Invalid property name in 'metadata': '{SHOWN}' is too long. "
        "Expected a string with maximum length 64, but got a string with length 65 instead."
    )
    code = "property_name_above_max_length"
    check(CreateAssistant, assistant(metadata={**metadata}), text, f"metadata.{SHOWN}", code)


def test_too_many_properties() -> None:
    """Metadata of 17 pairs is refused with both numbers."""
    text = (
        "Invalid 'metadata': too many properties. Expected an object with at most 16 properties, "
        "but got an object with 17 properties instead."
    )
    body = assistant(metadata={str(number): "x" for number in range(17)})
    check(CreateAssistant, body, text, "metadata", "object_above_max_properties")


@pytest.mark.promise("18.5")
@pytest.mark.parametrize(
    ("model", "body", "path", "limit"),
    [
        (CreateAssistant, assistant(tools=[{"type": "file_search"}] * 129), "tools", 128),
        (CreateRun, run(tools=[{"type": "file_search"}] * 21), "tools", 20),
        (CreateThread, {"messages": [message()] * 91}, "messages", 90),
        (CreateRun, run(additional_messages=[message()] * 91), "additional_messages", 90),
        (
            CreateThread,
            {"tool_resources": {"file_search": {"vector_store_ids": ["a", "b"]}}},
            "tool_resources.file_search.vector_store_ids",
            1,
        ),
        (
            ModifyThread,
            {"tool_resources": {"code_interpreter": {"file_ids": ["f"] * 21}}},
            "tool_resources.code_interpreter.file_ids",
            20,
        ),
    ],
)
def test_array_too_long(model: Body, body: Any, path: str, limit: int) -> None:
    """An array of one item too many is refused with both lengths."""
    text = (
        f"Invalid '{path}': array too long. Expected an array with maximum length {limit}, "
        f"but got an array with length {limit + 1} instead."
    )
    check(model, body, text, path, "array_above_max_length")


def test_empty_array() -> None:
    """A message of no parts is refused."""
    text = (
        "Invalid 'content': empty array. "
        "Expected an array with minimum length 1, but got an empty array instead."
    )
    check(CreateMessage, message(content=[]), text, "content", "empty_array")


@pytest.mark.promise("18.5")
@pytest.mark.parametrize(
    ("model", "body", "path", "maximum", "value"),
    [
        (CreateAssistant, assistant(temperature=2.5), "decimal temperature", 2, 2.5),
        (CreateRun, run(temperature=3), "decimal temperature", 2, 3),
        (CreateRun, run(top_p=1.01), "decimal top_p", 1, 1.01),
        (
            CreateRun,
            run(max_prompt_tokens=10**40),
            "integer max_prompt_tokens",
            2_147_483_647,
            10**40,
        ),
        (
            CreateAssistant,
            assistant(tools=[{"type": "file_search", "file_search": {"max_num_results": 51}}]),
            "integer tools[0].file_search.max_num_results",
            50,
            51,
        ),
    ],
)
def test_above_maximum(model: Body, body: Any, path: str, maximum: int, value: float) -> None:
    """A number that is too large is refused with its limit."""
    kind, path = path.split()
    text = (
        f"Invalid '{path}': {kind} above maximum value. "
        f"Expected a value <= {maximum}, but got {value} instead."
    )
    check(model, body, text, path, f"{kind}_above_max_value")


@pytest.mark.promise("18.5")
@pytest.mark.parametrize(
    ("model", "body", "path", "minimum", "value"),
    [
        (CreateAssistant, assistant(top_p=-0.1), "decimal top_p", 0, -0.1),
        (CreateRun, run(max_prompt_tokens=255), "integer max_prompt_tokens", 256, 255),
        (CreateRun, run(max_completion_tokens=16), "integer max_completion_tokens", 256, 16),
        (
            CreateRun,
            run(truncation_strategy={"type": "last_messages", "last_messages": 0}),
            "integer truncation_strategy.last_messages",
            1,
            0,
        ),
    ],
)
def test_below_minimum(model: Body, body: Any, path: str, minimum: int, value: float) -> None:
    """A number that is too small is refused with its limit."""
    kind, path = path.split()
    text = (
        f"Invalid '{path}': {kind} below minimum value. "
        f"Expected a value >= {minimum}, but got {value} instead."
    )
    check(model, body, text, path, f"{kind}_below_min_value")
