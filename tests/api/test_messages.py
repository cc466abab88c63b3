"""Messages over the served API."""

from typing import Any

import pytest

from tests.api.client import Client
from tests.api.model import Model
from tests.chat import asked

FUNCTION = {"type": "function", "function": {"name": "f"}}
PICTURE = "https://example.com/a.png"
KEYS = [
    "id",
    "object",
    "created_at",
    "assistant_id",
    "thread_id",
    "run_id",
    "status",
    "incomplete_details",
    "incomplete_at",
    "completed_at",
    "role",
    "content",
    "attachments",
    "metadata",
]


def text(value: str) -> dict[str, Any]:
    return {"type": "text", "text": {"value": value, "annotations": []}}


@pytest.mark.promise("2.1", "2.2", "1.12")
def test_a_string_is_one_text_part(client: Client) -> None:
    """Created, retrieved and listed, a message has all its keys, in the original's order."""
    thread = client.thread()
    created = client.message(thread, "Hé")
    assert list(created) == KEYS
    assert created["content"] == [text("Hé")]
    assert (created["status"], created["completed_at"]) == ("completed", created["created_at"])
    path = f"/threads/{thread['id']}/messages"
    assert client.get(f"{path}/{created['id']}") == created
    assert client.get(path)["data"] == [created]


@pytest.mark.promise("2.2", "2.3")
def test_parts_keep_their_order(client: Client) -> None:
    """Texts and pictures stay as they were sent; a picture's detail is auto unless given."""
    sent = [
        {"type": "image_url", "image_url": {"url": PICTURE}},
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": PICTURE, "detail": "low"}},
    ]
    assert client.message(client.thread(), content=sent)["content"] == [
        {"type": "image_url", "image_url": {"url": PICTURE, "detail": "auto"}},
        text("What is this?"),
        {"type": "image_url", "image_url": {"url": PICTURE, "detail": "low"}},
    ]


@pytest.mark.promise("2.3")
@pytest.mark.parametrize("url", ["data:image/png;base64,AAAA", "ftp://example.com/a.png", "", "a"])
def test_a_picture_has_a_web_address(client: Client, url: str) -> None:
    """Any other address is refused, by its path."""
    part = {"type": "image_url", "image_url": {"url": url}}
    body = {"role": "user", "content": [part]}
    answer = client.ask("POST", f"/threads/{client.thread()['id']}/messages", body)
    text_ = "Invalid 'content[0].image_url.url'. Expected an http or https URL."
    assert answer.error == (400, text_, "content[0].image_url.url", "invalid_value")


@pytest.mark.promise("2.4")
@pytest.mark.parametrize("role", ["user", "assistant"])
def test_an_app_may_write_messages_of_both_roles(client: Client, role: str) -> None:
    """Such a message is no assistant's and no run's."""
    created = client.message(client.thread(), role=role)
    assert (created["role"], created["assistant_id"], created["run_id"]) == (role, None, None)


@pytest.mark.promise("2.5")
@pytest.mark.parametrize("path", ["/threads", "/threads/{}/messages"])
def test_other_roles_are_refused(client: Client, path: str) -> None:
    """Also for a message that a thread brings along."""
    message = {"role": "system", "content": "Hi"}
    body, at = (
        ({"messages": [message]}, "messages[0].role")
        if path == "/threads"
        else (
            message,
            "role",
        )
    )
    answer = client.ask("POST", path.format(client.thread()["id"]), body)
    text_ = "Invalid value: 'system'. Supported values are: 'user' and 'assistant'."
    assert answer.error == (400, text_, at, "invalid_value")


@pytest.mark.promise("2.6", "2.9", "2.11", "1.15")
def test_a_thread_with_an_active_run(client: Client) -> None:
    """It takes no message and loses none, in the service's words; metadata may still change."""
    thread = client.thread("Hi")
    (message,) = client.get(f"/threads/{thread['id']}/messages")["data"]
    run = client.until(client.run(thread, tools=[FUNCTION]), "requires_action")
    path = f"/threads/{thread['id']}/messages"
    refused = client.ask("POST", path, {"role": "user", "content": "And?"})
    text_ = f"Can't add messages to {thread['id']} while a run {run['id']} is active."
    assert refused.error == (400, text_, None, None)
    refused = client.ask("DELETE", f"{path}/{message['id']}")
    text_ = f"Can't delete messages from {thread['id']} while a run {run['id']} is active."
    assert refused.error == (400, text_, None, None)
    changed = client.post(f"{path}/{message['id']}", {"metadata": {"k": "v"}})
    assert changed == {**message, "metadata": {"k": "v"}}


@pytest.mark.promise("2.7", "2.4")
def test_the_messages_of_a_run(client: Client) -> None:
    """`run_id` keeps what the run said: not the question, not what it brought along."""
    thread = client.thread("Hi")
    extra = [{"role": "user", "content": "And?"}]
    run = client.until(client.run(thread, additional_messages=extra), "completed")
    path = f"/threads/{thread['id']}/messages"
    (said,) = client.get(path, run_id=run["id"])["data"]
    assert (said["run_id"], said["assistant_id"]) == (run["id"], run["assistant_id"])
    assert said["content"] == [text("Hello there")]
    assert [m["run_id"] for m in client.get(path)["data"]] == [run["id"], None, None]
    assert client.get(path, run_id="run_1")["data"] == []


@pytest.mark.promise("2.8", "18.2")
def test_a_message_of_another_thread(client: Client) -> None:
    """It is not found, neither to read nor to change nor to delete."""
    message = client.message(client.thread())
    path = f"/threads/{client.thread()['id']}/messages/{message['id']}"
    text_ = f"No message found with id '{message['id']}'."
    for method, body in (("GET", None), ("POST", {}), ("DELETE", None)):
        assert client.ask(method, path, body).error == (404, text_, None, None)


@pytest.mark.promise("2.9", "1.13")
@pytest.mark.parametrize("name", ["content", "role", "attachments"])
def test_only_metadata_can_be_changed(client: Client, name: str) -> None:
    """What a message says stays."""
    message = client.message(client.thread())
    path = f"/threads/{message['thread_id']}/messages/{message['id']}"
    answer = client.ask("POST", path, {name: message[name]})
    assert answer.error == (400, f"Unknown parameter: '{name}'.", name, "unknown_parameter")


@pytest.mark.promise("2.10", "17.1")
def test_a_deleted_message(client: Client) -> None:
    """It is confirmed, gone from the list, and a second time a 404; also an assistant's."""
    thread = client.thread("Hi")
    client.until(client.run(thread), "completed")
    path = f"/threads/{thread['id']}/messages"
    said, asked = client.get(path)["data"]
    for message in (said, asked):
        gone = {"id": message["id"], "object": "thread.message.deleted", "deleted": True}
        assert client.delete(f"{path}/{message['id']}") == gone
        assert client.ask("DELETE", f"{path}/{message['id']}").status == 404
        assert client.ask("GET", f"{path}/{message['id']}").status == 404
    assert client.get(path)["data"] == []


def test_what_is_not_built_is_refused(client: Client) -> None:
    """Files, attached or shown, are refused by name, and nothing is written."""
    path = f"/threads/{client.thread()['id']}/messages"
    tools = [{"type": "file_search"}]
    attached = {"attachments": [{"file_id": "file-1", "tools": tools}], "content": "Hi"}
    shown = {"content": [{"type": "image_file", "image_file": {"file_id": "file-1"}}]}
    for fields, name, at in (
        (attached, "attachments", "attachments"),
        (shown, "image_file", "content"),
    ):
        answer = client.ask("POST", path, {"role": "user", **fields})
        text_ = f"'{name}' is not supported yet."
        assert answer.error == (400, text_, at, "unsupported_parameter")
    assert client.get(path)["data"] == []


@pytest.mark.promise("2.10")
def test_deleted_messages_are_not_told_to_the_model(client: Client, model: Model) -> None:
    """A later run knows nothing of a deleted message."""
    thread = client.thread("One", client.project)
    path = f"/threads/{thread['id']}/messages"
    (_, first) = client.get(path)["data"]
    client.delete(f"{path}/{first['id']}")
    client.until(client.run(thread), "completed")
    told = asked(model.told(client.project))
    assert [message["content"] for message in told] == [client.project]
