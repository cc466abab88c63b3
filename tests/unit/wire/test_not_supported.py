"""What is not built yet is refused by name; what says nothing new is not."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.wire.sent import MESSAGE, message, part, run
from threadkeep.domain.errors import InvalidRequest
from threadkeep.domain.runs import Run
from threadkeep.wire import not_supported
from threadkeep.wire.bodies.messages import CreateMessage
from threadkeep.wire.bodies.runs import CreateRun, CreateThreadAndRun
from threadkeep.wire.bodies.threads import CreateThread
from threadkeep.wire.validation import parse

FUNCTION = {"type": "function", "function": {"name": "f"}}
HOSTED = [{"type": "file_search"}, {"type": "code_interpreter"}]
PICTURE = part(type="image_url", image_url={"url": "https://example.com/a.png"})
ATTACHED = message(attachments=[{"file_id": "file-1", "tools": []}])
STORES: dict[str, Any] = {"file_search": {"vector_stores": [{}]}}


def resolved(**fields: Any) -> Run:
    return Run(
        id="run_1",
        thread_id="thread_1",
        assistant_id="asst_1",
        created_at=1,
        expires_at=2,
        status="queued",
        model="m",
        **fields,
    )


@pytest.mark.parametrize("stream", [None, False, True])
def test_streams(stream: bool | None) -> None:
    """A stream is refused where it can't be sent, and there alone."""
    not_supported.refuse_stream(stream, streaming=True)
    if stream:
        with pytest.raises(InvalidRequest) as refused:
            not_supported.refuse_stream(stream, streaming=False)
        assert (refused.value.param, refused.value.code) == ("stream", "unsupported_parameter")
    else:
        not_supported.refuse_stream(stream, streaming=False)


@pytest.mark.parametrize("kind", ["code_interpreter", "file_search"])
@pytest.mark.parametrize("chosen", [False, True])
def test_hosted_tools(kind: str, *, chosen: bool) -> None:
    """A run that would need a hosted tool is refused, naming it and both ways out."""
    tool = {"type": kind}
    run = resolved(tool_choice=tool) if chosen else resolved(tools=[FUNCTION, tool])
    with pytest.raises(InvalidRequest, match=f"'{kind}'.*'tools'.*unavailable_tools") as refused:
        not_supported.available_run(run, "refuse")
    assert (refused.value.param, refused.value.code) == ("tools", "unsupported_tool")


@pytest.mark.parametrize(
    ("tools", "choice", "left", "left_choice"),
    [
        (HOSTED, "auto", [], "auto"),
        (HOSTED, "required", [], "auto"),
        ([*HOSTED, FUNCTION], "required", [FUNCTION], "required"),
        ([*HOSTED, FUNCTION], "none", [FUNCTION], "none"),
        ([*HOSTED, FUNCTION], FUNCTION, [FUNCTION], FUNCTION),
        ([*HOSTED, FUNCTION], HOSTED[0], [FUNCTION], "auto"),
        ([FUNCTION], "required", [FUNCTION], "required"),
    ],
)
def test_hosted_tools_that_are_dropped(
    tools: list[Any], choice: Any, left: list[Any], left_choice: Any, caplog: Any
) -> None:
    """The run shows what it really has; a choice that nothing is left for is `auto`."""
    run = not_supported.available_run(resolved(tools=tools, tool_choice=choice), "drop")
    assert (list(run.tools), run.tool_choice) == (left, left_choice)
    lines = [record.getMessage() for record in caplog.records]
    dropped = "left out of a run: code_interpreter and file_search"
    assert lines == ([dropped] if len(tools) > len(left) else [])


def test_what_is_built_is_not_refused() -> None:
    """Nulls, defaults and what is built already pass."""
    optional = [name for name in CreateRun.model_fields if name != "assistant_id"]
    built = {
        "stream": True,
        "tools": [FUNCTION],
        "tool_choice": FUNCTION,
        "parallel_tool_calls": False,
        "response_format": {"type": "json_object"},
        "reasoning_effort": "low",
        "max_prompt_tokens": 256,
        "truncation_strategy": {"type": "last_messages", "last_messages": 1},
        "additional_messages": [PICTURE, message(attachments=[])],
    }
    for fields in ({}, dict.fromkeys(optional), built):
        not_supported.refuse_run(parse(CreateRun, json.dumps(run(**fields))))
    for format_ in ("auto", {"type": "json_object"}):
        able = resolved(response_format=format_, tools=[FUNCTION])
        assert not_supported.available_run(able, "refuse") == able


@pytest.mark.parametrize(
    ("body", "name", "param"),
    [
        (
            part(type="image_file", image_file={"file_id": "file-1"}),
            "image_file",
            "content",
        ),
        (ATTACHED, "attachments", "attachments"),
    ],
)
def test_messages(body: dict[str, Any], name: str, param: str) -> None:
    """Files of the store, as pictures or attached, are refused wherever the message is."""
    places: list[tuple[str, Callable[[], None]]] = [
        (param, lambda: not_supported.refuse_message(parse(CreateMessage, json.dumps(body)))),
        (
            f"messages[1].{param}",
            lambda: not_supported.refuse_thread(
                parse(CreateThread, json.dumps({"messages": [MESSAGE, body]}))
            ),
        ),
        (
            f"additional_messages[0].{param}",
            lambda: not_supported.refuse_run(
                parse(CreateRun, json.dumps(run(additional_messages=[body])))
            ),
        ),
        (
            f"thread.messages[0].{param}",
            lambda: not_supported.refuse_run(
                parse(CreateThreadAndRun, json.dumps(run(thread={"messages": [body]})))
            ),
        ),
    ]
    for path, refuse in places:
        with pytest.raises(InvalidRequest) as refused:
            refuse()
        assert refused.value.message == f"'{name}' is not supported yet."
        assert (refused.value.param, refused.value.code) == (path, "unsupported_parameter")


def test_vector_stores_that_would_have_to_be_made() -> None:
    """Ids of vector stores are stored and echoed, a store that would have to be made is refused."""
    ids = {"file_search": {"vector_store_ids": ["vs_1"]}}
    not_supported.refuse_thread(parse(CreateThread, json.dumps({"tool_resources": ids})))
    with pytest.raises(InvalidRequest) as refused:
        not_supported.refuse_thread(parse(CreateThread, json.dumps({"tool_resources": STORES})))
    assert refused.value.param == "tool_resources.file_search.vector_stores"
