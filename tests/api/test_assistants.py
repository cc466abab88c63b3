"""Assistants and models over the served API."""

from typing import Any

import pytest

from tests.api.client import Client

DEFAULTS: dict[str, Any] = {
    "object": "assistant",
    "name": None,
    "description": None,
    "model": "gpt-4o",
    "instructions": None,
    "tools": [],
    "top_p": 1.0,
    "temperature": 1.0,
    "reasoning_effort": None,
    "tool_resources": {},
    "metadata": {},
    "response_format": "auto",
}
EVERYTHING: dict[str, Any] = {
    "name": "Tutor",
    "description": "For maths",
    "model": "gpt-4o-mini",
    "instructions": "Be kind.",
    "tools": [
        {"type": "function", "function": {"name": "f", "parameters": {"a": [None]}, "strict": True}}
    ],
    "top_p": 0.5,
    "temperature": 0.0,
    "reasoning_effort": "low",
    "tool_resources": {"code_interpreter": {"file_ids": ["file-1"]}},
    "metadata": {"k": "v"},
    "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {}}},
}


def changed(client: Client, before: Any, **fields: Any) -> Any:
    after = client.post(f"/assistants/{before['id']}", fields)
    assert client.get(f"/assistants/{before['id']}") == after
    return after


@pytest.mark.promise("6.1", "1.12")
def test_a_model_s_name_is_enough(client: Client) -> None:
    """Everything else has its default, and is there."""
    made = client.assistant()
    assert made == {"id": made["id"], "created_at": made["created_at"], **DEFAULTS}


@pytest.mark.promise("6.1", "1.14")
def test_nulls_are_absences(client: Client) -> None:
    """An assistant of nulls is one of defaults."""
    nulls = dict.fromkeys(set(EVERYTHING) - {"model"})
    made = client.assistant(**nulls)
    assert made == {"id": made["id"], "created_at": made["created_at"], **DEFAULTS}


@pytest.mark.promise("6.2")
def test_tools_are_shown_complete(client: Client) -> None:
    """What a tool does not say is shown with its default, and an interpreter has its files."""
    tools = [
        {"type": "function", "function": {"name": "f"}},
        {"type": "file_search"},
        {"type": "code_interpreter"},
    ]
    made = client.assistant(tools=tools)
    ranking = {"ranker": "default_2024_08_21", "score_threshold": 0.0, "hybrid_search": None}
    parameters = {"type": "object", "properties": {}}
    assert made["tools"] == [
        {
            "type": "function",
            "function": {"name": "f", "parameters": parameters, "strict": False},
        },
        {"type": "file_search", "file_search": {"ranking_options": ranking}},
        {"type": "code_interpreter"},
    ]
    assert made["tool_resources"] == {"code_interpreter": {"file_ids": []}}
    assert client.assistant(tools=made["tools"])["tools"] == made["tools"]


@pytest.mark.promise("6.3", "3.9")
def test_a_model_that_is_not_mapped(client: Client) -> None:
    """It is refused in the service's words, when an assistant is made and when it is changed."""
    made = client.assistant()
    text = "The requested model 'gpu-1' cannot be used with the Assistants API."
    for path in ("/assistants", f"/assistants/{made['id']}"):
        answer = client.ask("POST", path, {"model": "gpu-1"})
        assert answer.error == (400, text, "model", "unsupported_model")
    assert client.get(f"/assistants/{made['id']}") == made


@pytest.mark.promise("6.4", "16.1", "16.5")
@pytest.mark.parametrize("name", EVERYTHING)
def test_a_parameter_is_changed_alone(client: Client, name: str) -> None:
    """Every parameter can be changed, and nothing else changes with it."""
    before = client.assistant()
    assert changed(client, before, **{name: EVERYTHING[name]}) == {
        **before,
        name: EVERYTHING[name],
    }


@pytest.mark.promise("16.1")
def test_an_empty_change(client: Client) -> None:
    """It changes nothing."""
    before = client.assistant(**EVERYTHING)
    assert changed(client, before) == before


@pytest.mark.promise("16.3")
def test_null_sets_the_default_back(client: Client) -> None:
    """But for the model, which has none: its null is an absence."""
    before = client.assistant(**EVERYTHING)
    after = changed(client, before, **dict.fromkeys(EVERYTHING))
    assert after == {**before, **DEFAULTS, "model": before["model"]}


@pytest.mark.promise("16.2", "16.4")
def test_lists_are_replaced_whole_and_resources_tool_by_tool(client: Client) -> None:
    """What a list or a map does not name any more is gone; the other tool's resources stay."""
    before = client.assistant(**EVERYTHING)
    stores = {"file_search": {"vector_store_ids": ["vs_1"]}}
    after = changed(
        client, before, tools=[{"type": "file_search"}], metadata={"n": "1"}, tool_resources=stores
    )
    assert [tool["type"] for tool in after["tools"]] == ["file_search"]
    assert after["metadata"] == {"n": "1"}
    assert after["tool_resources"] == {**before["tool_resources"], **stores}
    files = {"code_interpreter": {"file_ids": ["file-2", "file-3"]}}
    after = changed(client, before, tool_resources=files)
    assert after["tool_resources"] == {**stores, **files}


@pytest.mark.promise("6.5")
def test_assistants_are_listed(client: Client) -> None:
    """Newest first, whole."""
    made = [client.assistant(name=name) for name in "abc"]
    assert client.get("/assistants")["data"] == made[::-1]


@pytest.mark.promise("17.1", "17.3")
def test_a_deleted_assistant(client: Client) -> None:
    """Its threads and runs stay, but it starts no run any more."""
    made = client.assistant()
    run = client.until(client.run(assistant_id=made["id"]), "completed")
    path = f"/assistants/{made['id']}"
    gone = {"id": made["id"], "object": "assistant.deleted", "deleted": True}
    assert client.delete(path) == gone
    text = f"No assistant found with id '{made['id']}'."
    thread = f"/threads/{run['thread_id']}"
    for method, at, body in (
        ("GET", path, None),
        ("POST", path, {"name": "x"}),
        ("DELETE", path, None),
        ("POST", f"{thread}/runs", {"assistant_id": made["id"]}),
        ("POST", "/threads/runs", {"assistant_id": made["id"]}),
    ):
        assert client.ask(method, at, body).error == (404, text, None, None)
    assert client.get(f"{thread}/runs/{run['id']}") == run
    assert client.get(thread)["id"] == run["thread_id"]


@pytest.mark.promise("9.1")
def test_models_are_listed(client: Client) -> None:
    """Every name in the list can be asked for and used; the list has no pages."""
    models = client.get("/models")
    assert list(models) == ["object", "data"]
    names = [model["id"] for model in models["data"]]
    assert "gpt-4o" in names
    for name in names:
        assert client.get(f"/models/{name}")["id"] == name
        client.assistant(model=name)


@pytest.mark.promise("9.2")
def test_an_unknown_model(client: Client) -> None:
    """It is a 404 with a code of its own."""
    answer = client.ask("GET", "/models/gpu-1")
    text = "The model 'gpu-1' does not exist"
    assert answer.error == (404, text, "model", "model_not_found")


@pytest.mark.promise("9.3")
@pytest.mark.parametrize("model", ["gpt-4o", "ft:gpt-4o:acme::1"])
def test_no_model_can_be_deleted(client: Client, model: str) -> None:
    """Only those that were trained here could be, and there are none."""
    text = f"The model '{model}' does not exist"
    answer = client.ask("DELETE", f"/models/{model}")
    assert answer.error == (404, text, "model", "model_not_found")
