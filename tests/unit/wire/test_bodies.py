"""What bodies mean: defaults, normalisation, snapshots, modifications."""

import json
from typing import Any

import pytest
from pydantic import BaseModel

from tests.unit.wire.sent import assistant, message, run
from threadkeep.domain.content import ImageFile, ImageUrl, TextPart
from threadkeep.domain.objects import Assistant, Message, Thread
from threadkeep.domain.runs import RunSnapshot
from threadkeep.wire.bodies.assistants import CreateAssistant, ModifyAssistant
from threadkeep.wire.bodies.messages import CreateMessage
from threadkeep.wire.bodies.runs import CreateRun, CreateThreadAndRun
from threadkeep.wire.bodies.threads import CreateThread, ModifyThread
from threadkeep.wire.validation import parse

STORED = Assistant(
    id="asst_1",
    created_at=1,
    model="gpt-4o",
    name="Tutor",
    instructions="Be kind.",
    tools=[{"type": "file_search"}],
    tool_resources={"file_search": {"vector_store_ids": ["vs_1"]}},
    metadata={"a": "1", "b": "2"},
    temperature=0.5,
    top_p=0.9,
    reasoning_effort="low",
    response_format={"type": "json_object"},
)


def created(**fields: Any) -> Assistant:
    return parse(CreateAssistant, json.dumps(assistant(**fields))).assistant("asst_1", 7)


def modified(**fields: Any) -> Assistant:
    return parse(ModifyAssistant, json.dumps(fields)).applied_to(STORED)


def started(from_: Assistant = STORED, **fields: Any) -> RunSnapshot:
    body = parse(CreateRun, json.dumps(run(**fields)))
    return body.snapshot("thread_1", from_, now=7, expires_at=607)


def said(**fields: Any) -> Message:
    return parse(CreateMessage, json.dumps(message(**fields))).message("thread_1", 7).named("msg_1")


def test_an_assistant_of_defaults() -> None:
    """A model name alone makes an assistant; everything else has its default."""
    assert created() == Assistant(id="asst_1", created_at=7, model="gpt-4o", tools=[])


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ({"type": "code_interpreter"}, {"type": "code_interpreter"}),
        (
            {"type": "function", "function": {"description": "d", "name": "f"}},
            {
                "type": "function",
                "function": {
                    "name": "f",
                    "description": "d",
                    "parameters": {"type": "object", "properties": {}},
                    "strict": False,
                },
            },
        ),
        (
            {"type": "function", "function": {"name": "f", "parameters": {"a": [None, 1.0]}}},
            {
                "type": "function",
                "function": {"name": "f", "parameters": {"a": [None, 1.0]}, "strict": False},
            },
        ),
        (
            {"type": "function", "function": {"name": "f", "parameters": {}, "strict": True}},
            {"type": "function", "function": {"name": "f", "parameters": {}, "strict": True}},
        ),
        (
            {"type": "file_search", "file_search": {}},
            {
                "type": "file_search",
                "file_search": {
                    "ranking_options": {
                        "ranker": "default_2024_08_21",
                        "score_threshold": 0.0,
                        "hybrid_search": None,
                    }
                },
            },
        ),
        (
            {
                "type": "file_search",
                "file_search": {
                    "max_num_results": 5,
                    "ranking_options": {"ranker": "auto", "score_threshold": 0.5},
                },
            },
            {
                "type": "file_search",
                "file_search": {
                    "max_num_results": 5,
                    "ranking_options": {
                        "ranker": "default_2024_08_21",
                        "score_threshold": 0.5,
                        "hybrid_search": None,
                    },
                },
            },
        ),
    ],
)
def test_tools_are_shown_complete(sent: dict[str, Any], stored: dict[str, Any]) -> None:
    """A tool shows the options that apply, in the original's order; what it shows may come back."""
    (shown,) = created(tools=[sent]).tools
    assert json.dumps(shown) == json.dumps(stored)
    assert created(tools=[shown]).tools == [shown]


def test_a_code_interpreter_shows_its_files() -> None:
    """An assistant with a code interpreter shows its list of files, also when it is empty."""
    tools = [{"type": "code_interpreter"}]
    assert created(tools=tools).tool_resources == {"code_interpreter": {"file_ids": []}}
    resources = {"code_interpreter": {"file_ids": ["file-1"]}}
    assert created(tools=tools, tool_resources=resources).tool_resources == resources


@pytest.mark.parametrize(
    "sent",
    [
        "auto",
        {"type": "text"},
        {"type": "json_object"},
        {
            "type": "json_schema",
            "json_schema": {"name": "n", "schema": {"default": None}, "strict": True},
        },
    ],
)
def test_response_formats_come_back(sent: Any) -> None:
    """Every form of response format comes back as given, with the nulls of its schema."""
    assert created(response_format=sent).response_format == sent


def test_nulls_in_a_response_format_are_absences() -> None:
    """Nulls of the format itself are left out."""
    schema = {"name": "n", "schema": None, "description": None}
    shown = created(response_format={"type": "json_schema", "json_schema": schema})
    assert shown.response_format == {"type": "json_schema", "json_schema": {"name": "n"}}


def test_a_string_is_one_text_part() -> None:
    """A message's string is one text part; the message is complete at once, and no run's."""
    assert said(content="Hé", metadata={"k": "v"}) == Message(
        id="msg_1",
        thread_id="thread_1",
        created_at=7,
        role="user",
        content=(TextPart("Hé"),),
        attachments=[],
        metadata={"k": "v"},
        completed_at=7,
    )


def test_parts_keep_their_order() -> None:
    """Parts stay in order; the detail of a picture is auto unless said."""
    url = "https://example.com/a.png"
    sent = [
        {"type": "image_url", "image_url": {"url": url}},
        {"type": "text", "text": "What is this?"},
        {"type": "image_file", "image_file": {"file_id": "file-1", "detail": "low"}},
    ]
    parts = (ImageUrl(url, "auto"), TextPart("What is this?"), ImageFile("file-1", "low"))
    assert said(content=sent).content == parts


def test_attachments_come_back() -> None:
    """A message echoes its attachments."""
    attachments = [{"file_id": "file-1", "tools": [{"type": "file_search"}]}]
    assert said(attachments=attachments).attachments == attachments


@pytest.mark.parametrize(
    ("roles", "count"), [([], 0), (["assistant"], 0), (["user", "assistant", "user"], 2)]
)
def test_a_thread_knows_how_often_its_user_spoke(roles: list[str], count: int) -> None:
    """A thread is made with what a later run asks of it."""
    messages = [message(role=role) for role in roles]
    body = parse(CreateThread, json.dumps({"messages": messages}))
    assert body.thread("thread_1", 7, "msg_9") == Thread(
        id="thread_1", created_at=7, last_message_id="msg_9", user_messages=count
    )


def test_a_run_is_its_assistants() -> None:
    """A run that says nothing is a snapshot of its assistant."""
    assert started() == RunSnapshot(
        thread_id="thread_1",
        assistant_id="asst_1",
        created_at=7,
        expires_at=607,
        model="gpt-4o",
        instructions="Be kind.",
        tools=[{"type": "file_search"}],
        temperature=0.5,
        top_p=0.9,
        reasoning_effort="low",
        response_format={"type": "json_object"},
    )


def test_a_run_overrides_its_assistant() -> None:
    """What a run says itself stands, also zero and the empty list."""
    fields: dict[str, Any] = {
        "model": "m",
        "instructions": "",
        "tools": [],
        "metadata": {"k": "v"},
        "temperature": 0,
        "top_p": 0,
        "reasoning_effort": "none",
        "response_format": "auto",
        "tool_choice": {"type": "function", "function": {"name": "f"}},
        "parallel_tool_calls": False,
        "max_prompt_tokens": 256,
        "max_completion_tokens": 300,
        "truncation_strategy": {"type": "last_messages", "last_messages": 3},
    }
    shown = started(**fields)
    assert {name: getattr(shown, name) for name in fields} == fields
    assert started(stream=True).streamed


@pytest.mark.parametrize(
    ("own", "additional", "instructions"),
    [
        (None, None, "Be kind."),
        (None, "Be brief.", "Be kind.\nBe brief."),
        ("Be strict.", "Be brief.", "Be strict.\nBe brief."),
        ("", "Be brief.", "Be brief."),
        ("", None, ""),
    ],
)
def test_additional_instructions_follow(
    own: str | None, additional: str | None, instructions: str
) -> None:
    """Additional instructions are appended, on a line of their own, to those that apply."""
    shown = started(instructions=own, additional_instructions=additional)
    assert shown.instructions == instructions


def test_no_instructions_at_all() -> None:
    """A run has no instructions when neither it nor its assistant has any."""
    assert started(Assistant(id="asst_1", created_at=1, model="m")).instructions is None


def test_a_run_with_a_thread_of_its_own() -> None:
    """The run's own tool_resources are the run's; those inside `thread` are the thread's."""
    resources = {"code_interpreter": {"file_ids": ["file-1"]}}
    sent = run(tool_resources=resources, thread={"messages": [message()], "metadata": {"k": "v"}})
    body = parse(CreateThreadAndRun, json.dumps(sent))
    shown = body.snapshot("thread_1", STORED, now=7, expires_at=607)
    assert shown.tool_resources == resources
    assert body.thread is not None
    assert body.thread.thread("thread_1", 7).tool_resources == {}


def test_modify_leaves_alone_what_is_absent() -> None:
    """An empty modification changes nothing."""
    assert modified() == STORED


def test_modify_with_nulls_sets_the_defaults_back() -> None:
    """Null clears, or sets back; a model can't be cleared, its null is an absence."""
    fields = [name for name in ModifyAssistant.model_fields if name != "model"]
    cleared = Assistant(id="asst_1", created_at=1, model="gpt-4o", tools=[])
    assert modified(model=None, **dict.fromkeys(fields)) == cleared


def test_modify_replaces() -> None:
    """Lists and metadata are replaced whole, resources tool by tool."""
    after = modified(
        name="New",
        metadata={"c": "3"},
        tools=[{"type": "code_interpreter"}],
        tool_resources={"code_interpreter": {"file_ids": ["file-1"]}, "file_search": None},
    )
    assert (after.name, after.metadata) == ("New", {"c": "3"})
    assert after.tools == [{"type": "code_interpreter"}]
    assert after.tool_resources == {
        "file_search": {"vector_store_ids": ["vs_1"]},
        "code_interpreter": {"file_ids": ["file-1"]},
    }
    assert after.instructions == STORED.instructions


@pytest.mark.parametrize(
    ("sent", "metadata", "resources"),
    [
        ({}, {"k": "v"}, {"code_interpreter": {"file_ids": ["file-1"]}}),
        ({"metadata": None, "tool_resources": None}, {}, {}),
        ({"metadata": {"n": "1"}}, {"n": "1"}, {"code_interpreter": {"file_ids": ["file-1"]}}),
        (
            {"tool_resources": {"file_search": {"vector_store_ids": ["vs_1"]}}},
            {"k": "v"},
            {
                "code_interpreter": {"file_ids": ["file-1"]},
                "file_search": {"vector_store_ids": ["vs_1"]},
            },
        ),
    ],
)
def test_modify_a_thread(
    sent: dict[str, Any], metadata: dict[str, str], resources: dict[str, Any]
) -> None:
    """A thread's metadata is replaced whole, its resources tool by tool."""
    before = Thread(
        id="thread_1",
        created_at=1,
        metadata={"k": "v"},
        tool_resources={"code_interpreter": {"file_ids": ["file-1"]}},
    )
    after = parse(ModifyThread, json.dumps(sent)).applied_to(before)
    assert (after.metadata, after.tool_resources) == (metadata, resources)


@pytest.mark.parametrize("model", [CreateAssistant, ModifyAssistant, CreateRun, CreateThread])
def test_bodies_are_closed(model: type[BaseModel]) -> None:
    """Every body is strict and closed, and silent about its input in errors."""
    config = model.model_config
    assert (config["strict"], config["extra"]) == (True, "forbid")
    assert config["hide_input_in_errors"]
