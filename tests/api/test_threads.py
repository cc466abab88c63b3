"""Threads over the served API."""

from typing import Any

import pytest

from tests.api.client import Client, path_of

FUNCTION = {"type": "function", "function": {"name": "f"}}


@pytest.mark.promise("5.1", "5.2", "1.7", "1.12")
@pytest.mark.parametrize("body", [None, {}, {"messages": None, "metadata": None}, {"messages": []}])
def test_a_thread_is_made_of_nothing(client: Client, body: object) -> None:
    """No body, an empty one and one of nulls make the same thread, with all its keys."""
    made = client.post("/threads", body)
    expected = {"object": "thread", "metadata": {}, "tool_resources": {}}
    assert made == {"id": made["id"], "created_at": made["created_at"], **expected}
    assert list(made) == ["id", "object", "created_at", "metadata", "tool_resources"]
    assert client.get(f"/threads/{made['id']}") == made


@pytest.mark.promise("5.2")
def test_messages_keep_their_order(client: Client) -> None:
    """Ninety messages of the same second are listed as they were given."""
    texts = [str(number) for number in range(90)]
    thread = client.thread(*texts)
    page = client.get(f"/threads/{thread['id']}/messages", order="asc", limit=100)
    assert [m["content"][0]["text"]["value"] for m in page["data"]] == texts


@pytest.mark.promise("5.3", "16.1", "16.2", "16.3", "16.4")
def test_a_thread_is_changed(client: Client) -> None:
    """Metadata as a whole, resources tool by tool; what is absent stays, null clears."""
    files = {"code_interpreter": {"file_ids": ["file-1"]}}
    stores = {"file_search": {"vector_store_ids": ["vs_1"]}}
    thread = client.thread(metadata={"a": "1", "b": "2"}, tool_resources=files)
    path = f"/threads/{thread['id']}"
    assert client.post(path, {}) == thread
    assert client.post(path, {"metadata": {"c": "3"}}) == {**thread, "metadata": {"c": "3"}}
    both = {**files, **stores}
    assert client.post(path, {"tool_resources": stores})["tool_resources"] == both
    cleared = client.post(path, {"metadata": None, "tool_resources": None})
    assert cleared == {**thread, "metadata": {}, "tool_resources": {}}
    assert client.get(path) == cleared


@pytest.mark.promise("5.3", "1.13")
def test_nothing_else_of_a_thread_can_be_changed(client: Client) -> None:
    """Messages have an endpoint of their own."""
    answer = client.ask("POST", f"/threads/{client.thread()['id']}", {"messages": []})
    text = "Unknown parameter: 'messages'."
    assert answer.error == (400, text, "messages", "unknown_parameter")


@pytest.mark.promise("5.4")
def test_threads_are_listed(client: Client) -> None:
    """Newest first, in pages like everything else."""
    made = [client.thread() for _ in range(3)]
    assert client.get("/threads")["data"] == made[::-1]
    assert client.get("/threads", limit=2)["data"] == made[:0:-1]
    assert client.get("/threads", order="asc", after=made[0]["id"])["data"] == made[1:]


@pytest.mark.promise("17.1", "17.2")
@pytest.mark.parametrize("active", [False, True])
def test_a_deleted_thread(client: Client, *, active: bool) -> None:
    """It takes everything with it, also while a run is active."""
    thread = client.thread("Hi")
    run = client.run(thread, tools=[FUNCTION] if active else [])
    run = client.until(run, "requires_action" if active else "completed")
    path = f"/threads/{thread['id']}"
    (message, *_) = client.get(f"{path}/messages")["data"]
    (step, *_) = client.get(f"{path_of(run)}/steps")["data"]
    assert client.delete(path) == {"id": thread["id"], "object": "thread.deleted", "deleted": True}
    text = f"No thread found with id '{thread['id']}'."
    for method, at, body in (
        ("GET", "", None),
        ("POST", "", {}),
        ("DELETE", "", None),
        ("GET", "/messages", None),
        ("POST", "/messages", {"role": "user", "content": "Hi"}),
        ("GET", f"/messages/{message['id']}", None),
        ("DELETE", f"/messages/{message['id']}", None),
        ("GET", "/runs", None),
        ("POST", "/runs", {"assistant_id": run["assistant_id"]}),
        ("GET", f"/runs/{run['id']}", None),
        ("POST", f"/runs/{run['id']}", {}),
        ("POST", f"/runs/{run['id']}/cancel", None),
        ("GET", f"/runs/{run['id']}/steps", None),
        ("GET", f"/runs/{run['id']}/steps/{step['id']}", None),
    ):
        answer = client.ask(method, path + at, body)
        assert answer.error == (404, text, None, None), (method, at)


def test_a_vector_store_that_is_to_be_made_is_refused(client: Client) -> None:
    """It is not built yet; ids of stores are kept and shown."""
    resources: dict[str, Any] = {"file_search": {"vector_stores": [{"file_ids": []}]}}
    answer = client.ask("POST", "/threads", {"tool_resources": resources})
    at = "tool_resources.file_search.vector_stores"
    text = "'vector_stores' is not supported yet."
    assert answer.error == (400, text, at, "unsupported_parameter")
