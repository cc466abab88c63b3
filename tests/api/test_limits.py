"""Limits over the served API: what is just within is taken, one more is refused."""

from typing import Any

import pytest

from tests.api.client import Client

HOLDERS = ("assistant", "thread", "message", "run")


def path_for(client: Client, kind: str) -> str:
    """Where an object of this kind is made."""
    match kind:
        case "assistant":
            return "/assistants"
        case "thread":
            return "/threads"
        case "message":
            return f"/threads/{client.thread()['id']}/messages"
        case "thread and run":
            return "/threads/runs"
    return f"/threads/{client.thread('Hi')['id']}/runs"


def body_for(client: Client, kind: str, **fields: Any) -> dict[str, Any]:
    """A small body for an object of this kind, with these fields."""
    match kind:
        case "assistant":
            return {"model": "gpt-4o", **fields}
        case "message":
            return {"role": "user", "content": "Hi", **fields}
        case "thread":
            return fields
    return {"assistant_id": client.assistant()["id"], "instructions": "Hi", **fields}


def taken(client: Client, kind: str, **fields: Any) -> Any:
    return client.post(path_for(client, kind), body_for(client, kind, **fields))


def refused(client: Client, kind: str, **fields: Any) -> tuple[int, str, str | None, str | None]:
    return client.ask("POST", path_for(client, kind), body_for(client, kind, **fields)).error


def function(name: str = "f") -> dict[str, Any]:
    return {"type": "function", "function": {"name": name}}


@pytest.mark.promise("20.1", "20.4", "18.5")
@pytest.mark.parametrize(
    ("kind", "name", "limit"),
    [
        ("assistant", "name", 256),
        ("assistant", "description", 512),
        ("assistant", "instructions", 256_000),
        ("run", "instructions", 256_000),
        ("run", "additional_instructions", 256_000),
        ("message", "content", 256_000),
    ],
)
def test_lengths(client: Client, kind: str, name: str, limit: int) -> None:
    """Lengths are counted in characters, and both are told."""
    made = taken(client, kind, **{name: "é" * limit})
    if name in made and isinstance(made[name], str):
        assert len(made[name]) >= limit
    text = (
        f"Invalid '{name}': string too long. Expected a string with maximum length {limit}, "
        f"but got a string with length {limit + 1} instead."
    )
    error = (400, text, name, "string_above_max_length")
    assert refused(client, kind, **{name: "é" * (limit + 1)}) == error


@pytest.mark.promise("20.2", "18.5")
@pytest.mark.parametrize(("kind", "limit"), [("assistant", 128), ("run", 20)])
def test_tools(client: Client, kind: str, limit: int) -> None:
    """An assistant has more than a run may bring."""
    tools = [function(f"f{number}") for number in range(limit + 1)]
    assert len(taken(client, kind, tools=tools[1:])["tools"]) == limit
    text = (
        f"Invalid 'tools': array too long. Expected an array with maximum length {limit}, "
        f"but got an array with length {limit + 1} instead."
    )
    assert refused(client, kind, tools=tools) == (400, text, "tools", "array_above_max_length")


@pytest.mark.promise("20.3", "18.5")
@pytest.mark.parametrize("kind", ["assistant", "thread", "thread and run"])
@pytest.mark.parametrize(
    ("tool", "list_", "limit"),
    [("code_interpreter", "file_ids", 20), ("file_search", "vector_store_ids", 1)],
)
def test_tool_resources(client: Client, kind: str, tool: str, list_: str, limit: int) -> None:
    """Files for the interpreter, and stores to search."""
    ids = [f"file-{number}" for number in range(limit + 1)]
    made = taken(client, kind, tool_resources={tool: {list_: ids[1:]}})
    assert made["tool_resources"] == {tool: {list_: ids[1:]}}
    at = f"tool_resources.{tool}.{list_}"
    text = (
        f"Invalid '{at}': array too long. Expected an array with maximum length {limit}, "
        f"but got an array with length {limit + 1} instead."
    )
    error = refused(client, kind, tool_resources={tool: {list_: ids}})
    assert error == (400, text, at, "array_above_max_length")


@pytest.mark.promise("20.5")
def test_names_of_functions(client: Client) -> None:
    """64 letters, digits, underscores and hyphens; nothing else, and not nothing."""
    for name in ("aZ_-09" + "x" * 58, "0"):
        assert taken(client, "assistant", tools=[function(name)])
    at = "tools[0].function.name"
    for name in ("a b", "a.b", "é", "", "a\n"):
        text = f"Invalid '{at}'. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'."
        error = refused(client, "assistant", tools=[function(name)])
        assert error == (400, text, at, "invalid_value"), name
    error = refused(client, "assistant", tools=[function("x" * 65)])
    assert (error[2], error[3]) == (at, "string_above_max_length")


@pytest.mark.promise("20.6", "20.7", "20.8", "18.5")
@pytest.mark.parametrize(
    ("kind", "path", "kind_of_number", "low", "high", "step"),
    [
        ("run", "max_prompt_tokens", "integer", 256, None, 1),
        ("run", "max_completion_tokens", "integer", 256, None, 1),
        ("run", "truncation_strategy.last_messages", "integer", 1, None, 1),
        ("run", "temperature", "decimal", 0, 2, 0.01),
        ("run", "top_p", "decimal", 0, 1, 0.01),
        ("assistant", "temperature", "decimal", 0, 2, 0.01),
        ("assistant", "top_p", "decimal", 0, 1, 0.01),
        ("assistant", "tools[0].file_search.max_num_results", "integer", 1, 50, 1),
        (
            "assistant",
            "tools[0].file_search.ranking_options.score_threshold",
            "decimal",
            0,
            1,
            0.01,
        ),
    ],
)
def test_numbers(
    client: Client,
    kind: str,
    path: str,
    kind_of_number: str,
    low: int,
    high: int | None,
    step: float,
) -> None:
    """Both ends of a range are in it."""
    ends = [(low, -step, "below minimum value. Expected a value >=", "below_min")]
    if high is not None:
        ends.append((high, step, "above maximum value. Expected a value <=", "above_max"))
    for end, further, problem, code in ends:
        assert taken(client, kind, **field(path, end))
        value = end + further
        text = f"Invalid '{path}': {kind_of_number} {problem} {end}, but got {value} instead."
        error = refused(client, kind, **field(path, value))
        assert error == (400, text, path, f"{kind_of_number}_{code}_value")


def field(path: str, value: float) -> dict[str, Any]:
    """The top-level field in which `value` lies at this path."""
    name = path.rpartition(".")[2]
    match path.partition("[")[0].partition(".")[0]:
        case "tools":
            options = {name: value}
            if "ranking_options" in path:
                options = {"ranking_options": options}  # type: ignore[dict-item]
            return {"tools": [{"type": "file_search", "file_search": options}]}
        case "truncation_strategy":
            return {"truncation_strategy": {"type": "last_messages", name: value}}
    return {name: value}


@pytest.mark.promise("20.9")
@pytest.mark.parametrize(("kind", "name"), [("thread", "messages"), ("run", "additional_messages")])
def test_messages_brought_along(client: Client, kind: str, name: str) -> None:
    """They are written in one transaction with what brings them."""
    messages = [{"role": "user", "content": "Hi"}] * 91
    assert taken(client, kind, **{name: messages[1:]})
    text = (
        f"Invalid '{name}': array too long. Expected an array with maximum length 90, "
        "but got an array with length 91 instead."
    )
    error = refused(client, kind, **{name: messages})
    assert error == (400, text, name, "array_above_max_length")


@pytest.mark.promise("15.1", "15.2", "1.14")
@pytest.mark.parametrize("kind", HOLDERS)
def test_metadata(client: Client, kind: str) -> None:
    """Sixteen pairs of 64 and 512 characters come back; null is as good as none."""
    full = {f"{number:064}": "é" * 512 for number in range(16)}
    assert taken(client, kind, metadata=full)["metadata"] == full
    assert taken(client, kind, metadata={"": ""})["metadata"] == {"": ""}
    assert taken(client, kind)["metadata"] == {}
    assert taken(client, kind, metadata=None)["metadata"] == {}
    assert taken(client, kind, metadata={})["metadata"] == {}


@pytest.mark.promise("15.2", "18.5")
@pytest.mark.parametrize("kind", HOLDERS)
def test_metadata_beyond_its_limits(client: Client, kind: str) -> None:
    """One pair, one character of a name or of a value too many."""
    text = (
        "Invalid 'metadata': too many properties. Expected an object with at most 16 properties, "
        "but got an object with 17 properties instead."
    )
    many = {str(number): "" for number in range(17)}
    error = (400, text, "metadata", "object_above_max_properties")
    assert refused(client, kind, metadata=many) == error
    name = "x" * 65
    error = refused(client, kind, metadata={name: ""})  # type: ignore[assignment]
    assert error[2:] == (f"metadata.{name[:64]}…", "property_name_above_max_length")
    text = (
        "Invalid 'metadata.k': string too long. Expected a string with maximum length 512, "
        "but got a string with length 513 instead."
    )
    error = (400, text, "metadata.k", "string_above_max_length")
    assert refused(client, kind, metadata={"k": "x" * 513}) == error


@pytest.mark.promise("15.3")
@pytest.mark.parametrize("kind", HOLDERS)
@pytest.mark.parametrize(
    ("value", "named"),
    [
        (True, "a boolean"),
        (1, "an integer"),
        (1.5, "a decimal"),
        (None, "null"),
        ([], "an array"),
        ({}, "an object"),
    ],
)
def test_metadata_of_other_types(client: Client, kind: str, value: Any, named: str) -> None:
    """Nothing is converted to a string."""
    text = f"Invalid type for 'metadata.modified': expected a string, but got {named} instead."
    error = (400, text, "metadata.modified", "invalid_type")
    assert refused(client, kind, metadata={"modified": value}) == error
