"""Errors that no endpoint means to make, and the families of validation, over the served API."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from infra.local.aws.aws_error import AwsError
from infra.local.aws.transport import AwsCall
from tests.api.client import Client
from tests.faults import Interception
from tests.system import System

ASSISTANT = {"model": "gpt-4o"}
RUN = {"assistant_id": "asst_1"}
MESSAGE = {"role": "user", "content": "Hi"}
TOOLS = "'code_interpreter', 'function', and 'file_search'"


class Broken(Interception):
    """Every call of the database by an endpoint fails, in a way that nobody expects."""

    def before(self, call: AwsCall, /) -> None:
        if call.invocation and call.invocation.route:
            raise AwsError("ValidationException", "marker")


@contextmanager
def broken(system: System, fault: Interception) -> Iterator[None]:
    """The system with this fault."""
    system.local.transport.interceptors.append(fault)
    try:
        yield
    finally:
        system.local.transport.interceptors.remove(fault)


@pytest.mark.promise("18.9", "1.16", "18.1")
def test_a_bug(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    """A 500 names its request and nothing else; what may have written is not to be sent again."""
    caplog.set_level(logging.DEBUG, "threadkeep")
    with broken(client.system, Broken()):
        made = client.ask("POST", "/assistants", {**ASSISTANT, "name": "marker"}, bug=True)
        seen = client.ask("GET", "/assistants/asst_1", bug=True)
    for answer in (made, seen):
        status, text, param, code = answer.error
        assert (status, param, code) == (500, None, None)
        assert answer.json["error"]["type"] == "server_error"
        id_ = answer.headers["x-request-id"]
        assert f"(Please include the request ID {id_} in your message.)" in text
        assert "marker" not in text
        logged = [record for record in caplog.records if getattr(record, "request_id", "") == id_]
        assert [record.levelname for record in logged] == ["ERROR", "INFO"]
    assert made.headers["x-should-retry"] == "false"
    assert "x-should-retry" not in seen.headers
    assert "marker" not in caplog.text


class Busy(Interception):
    """Every transaction of an endpoint meets another one."""

    def before(self, call: AwsCall, /) -> None:
        if call.operation == "TransactWriteItems" and call.invocation and call.invocation.route:
            reasons = [{"Code": "TransactionConflict"} for _ in call.request["TransactItems"]]
            raise AwsError("TransactionCanceledException", "busy", CancellationReasons=reasons)


@pytest.mark.promise("18.10", "1.16")
def test_too_many_writers(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that was not made is a 503 that may be sent again."""
    database = client.system.local.services.store.assistants._database
    monkeypatch.setattr(database, "_sleep", lambda _: None)
    with broken(client.system, Busy()):
        answer = client.ask("POST", "/assistants", ASSISTANT, bug=True)
    assert (answer.status, answer.json["error"]["type"]) == (503, "server_error")
    assert answer.headers["retry-after"] == "1"
    assert "x-should-retry" not in answer.headers


@pytest.mark.promise("18.4", "1.13")
@pytest.mark.parametrize(
    ("path", "body", "text", "param", "code"),
    [
        (
            "/threads/runs",
            {},
            "Missing required parameter: 'assistant_id'.",
            "assistant_id",
            "missing_required_parameter",
        ),
        (
            "/threads/thread_1/messages",
            {"role": "user"},
            "Missing required parameter: 'content'.",
            "content",
            "missing_required_parameter",
        ),
        (
            "/assistants",
            {**ASSISTANT, "tools": [{"type": "function", "function": {}}]},
            "Missing required parameter: 'tools[0].function.name'.",
            "tools[0].function.name",
            "missing_required_parameter",
        ),
        (
            "/threads/thread_1/runs/run_1/submit_tool_outputs",
            {},
            "Missing required parameter: 'tool_outputs'.",
            "tool_outputs",
            "missing_required_parameter",
        ),
        (
            "/threads/runs",
            {**RUN, "thread": {"messages": [{**MESSAGE, "name": "x"}]}},
            "Unknown parameter: 'thread.messages[0].name'.",
            "thread.messages[0].name",
            "unknown_parameter",
        ),
        (
            "/assistants",
            {**ASSISTANT, "temperature": "1"},
            "Invalid type for 'temperature': expected a decimal, but got a string instead.",
            "temperature",
            "invalid_type",
        ),
        (
            "/threads/thread_1/runs/run_1/submit_tool_outputs",
            {"tool_outputs": [{"tool_call_id": 5}]},
            (
                "Invalid type for 'tool_outputs[0].tool_call_id': expected a string, "
                "but got an integer instead."
            ),
            "tool_outputs[0].tool_call_id",
            "invalid_type",
        ),
        (
            "/assistants",
            {**ASSISTANT, "tools": [{"type": "retrieval"}]},
            f"Invalid value: 'retrieval'. Supported values are: {TOOLS}.",
            "tools[0].type",
            "invalid_value",
        ),
        (
            "/threads/runs",
            {"assistant_id": "undefined"},
            "Invalid 'assistant_id': 'undefined'. Expected an ID that begins with 'asst'.",
            "assistant_id",
            "invalid_value",
        ),
        (
            "/threads/thread_1/messages",
            {**MESSAGE, "content": []},
            (
                "Invalid 'content': empty array. Expected an array with minimum length 1, "
                "but got an empty array instead."
            ),
            "content",
            "empty_array",
        ),
    ],
)
def test_validation(client: Client, path: str, body: Any, text: str, param: str, code: str) -> None:
    """Each family has its text, the path of the parameter and its code."""
    assert client.ask("POST", path, body).error == (400, text, param, code)


@pytest.mark.promise("18.6", "18.1")
@pytest.mark.parametrize(
    "header", ["Bearer sk-very-wrong-key-abcd", "Bearer x", "Basic eDp5", "sk-1"]
)
def test_a_wrong_key(client: Client, header: str, caplog: pytest.LogCaptureFixture) -> None:
    """It is never shown whole, neither to its owner nor in the log."""
    caplog.set_level(logging.DEBUG)
    answer = client.ask("GET", "/models", headers={"authorization": header})
    status, text, param, _ = answer.error
    assert (status, param) == (401, None)
    key = header.partition(" ")[2] or header
    assert key not in text or len(key) < 2
    assert "very-wrong" not in caplog.text
    if header.startswith("Bearer sk-"):
        assert text == (
            "Incorrect API key provided: sk-ve****abcd. "
            "You can find your API key at https://platform.openai.com/account/api-keys."
        )
        assert answer.error[3] == "invalid_api_key"


@pytest.mark.promise("18.6")
def test_no_key(client: Client) -> None:
    """A request without a key is told where keys go."""
    answer = client.ask("GET", "/models", headers={"authorization": ""})
    assert answer.status == 401
    assert answer.error[1].startswith("You didn't provide an API key.")


@pytest.mark.promise("18.2")
@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/assistants/asst_1", "No assistant found with id 'asst_1'."),
        ("/threads/thread_1", "No thread found with id 'thread_1'."),
        ("/threads/thread_1/messages", "No thread found with id 'thread_1'."),
        ("/threads/thread_1/messages/msg_1", "No thread found with id 'thread_1'."),
        ("/threads/thread_1/runs/run_1", "No thread found with id 'thread_1'."),
        ("/threads/{}/messages/msg_1", "No message found with id 'msg_1'."),
        ("/threads/{}/runs/run_1", "No run found with id 'run_1'."),
        ("/threads/{}/runs/run_1/steps", "No run found with id 'run_1'."),
        ("/threads/{}/runs/run_1/steps/step_1", "No run found with id 'run_1'."),
    ],
)
def test_what_is_not_there(client: Client, path: str, text: str) -> None:
    """The outermost object that is missing is named."""
    answer = client.ask("GET", path.format(client.thread()["id"]))
    assert answer.error == (404, text, None, None)
