"""The Python SDK, unchanged: text runs, lists, tenants, errors."""

from concurrent.futures import ThreadPoolExecutor

import openai
import pytest

from tests.model_turns import Say
from tests.sdk.conftest import Server

POLL = 20  # ms


def test_create_and_poll(server: Server) -> None:
    """A run ends completed, with message, step and usage as in the contract."""
    server.turns.append(Say("Hello there!"))
    client = server.client()
    assistant = client.beta.assistants.create(model="gpt-4o", instructions="Be brief.")
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "Hi"}])
    run = client.beta.threads.runs.create_and_poll(
        thread_id=thread.id, assistant_id=assistant.id, poll_interval_ms=POLL
    )
    assert run.status == "completed"
    assert run.usage
    assert run.usage.total_tokens > 0
    answer, question = client.beta.threads.messages.list(thread.id).data
    assert (answer.role, question.role) == ("assistant", "user")
    assert answer.content[0].type == "text"
    assert answer.content[0].text.value == "Hello there!"
    (step,) = client.beta.threads.runs.steps.list(run.id, thread_id=thread.id).data
    assert step.step_details.type == "message_creation"
    assert step.step_details.message_creation.message_id == answer.id
    assert step.usage
    assert step.usage.to_dict() == run.usage.to_dict()
    (asked,) = server.models.requests
    assert [m["content"] for m in asked.body["messages"]] == ["Be brief.", "Hi"]


def test_create_and_run_poll(server: Server) -> None:
    """A thread and its run in one request."""
    client = server.client()
    assistant = client.beta.assistants.create(model="gpt-4o")
    run = client.beta.threads.create_and_run_poll(
        assistant_id=assistant.id,
        thread={"messages": [{"role": "user", "content": "Hi"}]},
        poll_interval_ms=POLL,
    )
    assert run.status == "completed"
    assert len(client.beta.threads.messages.list(run.thread_id).data) == 2


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_auto_paging(server: Server, order: str) -> None:
    """45 messages come whole and in order through pages of 7."""
    client = server.client()
    thread = client.beta.threads.create()
    sent = [
        client.beta.threads.messages.create(thread.id, role="user", content=str(n)).id
        for n in range(45)
    ]
    got = client.beta.threads.messages.list(thread.id, limit=7, order=order)  # type: ignore[arg-type]
    ids = [message.id for message in got]
    assert ids == (sent if order == "asc" else sent[::-1])


def test_two_projects_see_nothing_of_each_other(server: Server) -> None:
    """What one key made, another project's key does not find."""
    ours, theirs = server.client("ours"), server.client("theirs")
    assistant = ours.beta.assistants.create(model="gpt-4o")
    thread = ours.beta.threads.create(messages=[{"role": "user", "content": "Hi"}])
    for look in (
        lambda: theirs.beta.assistants.retrieve(assistant.id),
        lambda: theirs.beta.threads.retrieve(thread.id),
        lambda: theirs.beta.threads.messages.list(thread.id),
        lambda: theirs.beta.threads.messages.create(thread.id, role="user", content="Hi"),
        lambda: theirs.beta.threads.runs.create(thread.id, assistant_id=assistant.id),
        lambda: theirs.beta.threads.delete(thread.id),
    ):
        with pytest.raises(openai.NotFoundError):
            look()
    assert theirs.beta.assistants.list().data == []


def test_20_threads_at_once(server: Server) -> None:
    """20 threads with a run each, all at once, complete."""
    client = server.client()
    assistant = client.beta.assistants.create(model="gpt-4o")

    def run(number: int) -> str:
        return client.beta.threads.create_and_run_poll(
            assistant_id=assistant.id,
            thread={"messages": [{"role": "user", "content": str(number)}]},
            poll_interval_ms=POLL,
        ).status

    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(run, range(20))) == {"completed"}


def test_messages_at_once_and_one_by_one(server: Server) -> None:
    """30 concurrent and 30 sequential messages are kept, sequential ones in the order sent."""
    client = server.client()
    thread = client.beta.threads.create()

    def send(text: str) -> str:
        return client.beta.threads.messages.create(thread.id, role="user", content=text).id

    with ThreadPoolExecutor(30) as pool:
        concurrent = set(pool.map(send, map(str, range(30))))
    sequential = [send(str(n)) for n in range(30)]
    listed = [message.id for message in client.beta.threads.messages.list(thread.id, order="asc")]
    assert set(listed[:30]) == concurrent
    assert listed[30:] == sequential
    assert [m.id for m in client.beta.threads.messages.list(thread.id)] == listed[::-1]


def test_errors_have_their_class_and_request_id(server: Server) -> None:
    """404, 400 and 401 map to the SDK's classes, with code, param and request id."""
    client = server.client()
    with pytest.raises(openai.NotFoundError) as missing:
        client.beta.threads.retrieve("thread_abc")
    assert missing.value.request_id
    assert missing.value.request_id.startswith("req_")
    with pytest.raises(openai.BadRequestError) as invalid:
        client.beta.assistants.create(model="gpt-4o", temperature=3)
    assert (invalid.value.param, invalid.value.code) == ("temperature", "decimal_above_max_value")
    with pytest.raises(openai.AuthenticationError) as wrong:
        server.client_with("sk-nobody-knows-this").models.list()
    assert wrong.value.code == "invalid_api_key"
