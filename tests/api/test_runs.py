"""Runs and their steps over the served API."""

from typing import Any

import pytest

from tests.api.client import Client, path_of
from tests.api.model import BREAK, CUT, STALL, Model
from tests.chat import asked

FUNCTION = {"type": "function", "function": {"name": "f"}}
SECOND = {"type": "function", "function": {"name": "g"}}
CONTENT = "step_details.tool_calls[*].file_search.results[*].content"
KEYS = [
    "id",
    "object",
    "created_at",
    "assistant_id",
    "thread_id",
    "status",
    "started_at",
    "expires_at",
    "cancelled_at",
    "failed_at",
    "completed_at",
    "required_action",
    "last_error",
    "model",
    "instructions",
    "tools",
    "tool_resources",
    "metadata",
    "temperature",
    "top_p",
    "reasoning_effort",
    "max_completion_tokens",
    "max_prompt_tokens",
    "truncation_strategy",
    "incomplete_details",
    "usage",
    "response_format",
    "tool_choice",
    "parallel_tool_calls",
]
STEP_KEYS = [
    "id",
    "object",
    "created_at",
    "run_id",
    "assistant_id",
    "thread_id",
    "type",
    "status",
    "cancelled_at",
    "completed_at",
    "expires_at",
    "expired_at",
    "failed_at",
    "last_error",
    "step_details",
    "usage",
    "metadata",
]


def waiting(client: Client, *tools: Any) -> Any:
    """A run that waits for the outputs of these functions."""
    return client.until(client.run(tools=list(tools or [FUNCTION])), "requires_action")


def submit(client: Client, run: Any, *ids: str) -> Any:
    outputs = [{"tool_call_id": id_, "output": ""} for id_ in ids]
    return client.ask("POST", f"{path_of(run)}/submit_tool_outputs", {"tool_outputs": outputs})


@pytest.mark.promise("3.1", "3.2", "1.12")
def test_a_new_run(client: Client) -> None:
    """It is queued, with every key, a deadline after 600 s, and what the defaults are."""
    thread, assistant = client.thread("Hi"), client.assistant()
    run = client.run(thread, assistant_id=assistant["id"])
    assert list(run) == KEYS
    set_ = {name: value for name, value in run.items() if value is not None}
    created_at = run["created_at"]
    assert set_ == {
        "id": run["id"],
        "object": "thread.run",
        "created_at": created_at,
        "assistant_id": assistant["id"],
        "thread_id": thread["id"],
        "status": "queued",
        "expires_at": created_at + 600,
        "model": "gpt-4o",
        "tools": [],
        "tool_resources": {},
        "metadata": {},
        "temperature": 1.0,
        "top_p": 1.0,
        "truncation_strategy": {"type": "auto", "last_messages": None},
        "response_format": "auto",
        "tool_choice": "auto",
        "parallel_tool_calls": True,
    }


@pytest.mark.promise("3.3")
def test_a_run_is_a_snapshot(client: Client) -> None:
    """What the request says stands before the assistant; later changes do not reach the run."""
    fields = {"temperature": 0.2, "instructions": "Be kind.", "model": "gpt-4o-mini"}
    assistant = client.assistant(**fields)
    run = client.run(assistant_id=assistant["id"], temperature=0, tools=[FUNCTION])
    client.post(f"/assistants/{assistant['id']}", {"model": "gpt-4", "instructions": "Be strict."})
    seen = client.until(run, "requires_action")
    assert {**fields, "temperature": 0} == {name: seen[name] for name in fields}
    assert [tool["function"]["name"] for tool in seen["tools"]] == ["f"]


@pytest.mark.promise("3.4")
@pytest.mark.parametrize(
    ("sent", "instructions"),
    [
        ({}, "Be kind."),
        ({"instructions": "Be strict."}, "Be strict."),
        ({"additional_instructions": "Be brief."}, "Be kind.\nBe brief."),
        (
            {"instructions": "Be strict.", "additional_instructions": "Be brief."},
            "Be strict.\nBe brief.",
        ),
    ],
)
def test_instructions(
    client: Client, model: Model, sent: dict[str, str], instructions: str
) -> None:
    """A run shows the instructions that apply, and the model is told just these."""
    assistant = client.assistant(instructions="Be kind.")
    thread = client.thread(client.project)
    run = client.until(client.run(thread, assistant_id=assistant["id"], **sent), "completed")
    assert run["instructions"] == instructions
    told = asked(model.told(client.project))
    assert [message["content"] for message in told] == [instructions, client.project]


@pytest.mark.promise("3.5")
def test_additional_messages_come_before_the_run(client: Client) -> None:
    """They are written in order; none when the run is refused."""
    thread = client.thread("One")
    extra = [{"role": "user", "content": text} for text in ("Two", "Three")]
    path = f"/threads/{thread['id']}"
    body = {"assistant_id": client.assistant()["id"], "additional_messages": extra}
    assert client.ask("POST", f"{path}/runs", {**body, "model": "gpu-1"}).status == 400
    assert client.ask("POST", f"{path}/runs", {**body, "assistant_id": "asst_1"}).status == 404
    client.run(thread, tools=[FUNCTION])
    assert client.ask("POST", f"{path}/runs", body).status == 400
    assert len(client.get(f"{path}/messages")["data"]) == 1
    other = client.thread("One")
    client.until(client.run(other, additional_messages=extra), "completed")
    page = client.get(f"/threads/{other['id']}/messages", order="asc")
    texts = [message["content"][0]["text"]["value"] for message in page["data"]]
    assert texts == ["One", "Two", "Three", "Hello there"]


@pytest.mark.promise("3.6", "18.2")
def test_what_a_run_needs_is_there(client: Client) -> None:
    """An assistant and a thread that are not there are 404s in the service's words."""
    asst, thread = client.assistant()["id"], client.thread("Hi")["id"]
    for path, id_, text in (
        ("/threads/thread_1/runs", asst, "No thread found with id 'thread_1'."),
        (f"/threads/{thread}/runs", "asst_1", "No assistant found with id 'asst_1'."),
        ("/threads/runs", "asst_1", "No assistant found with id 'asst_1'."),
    ):
        answer = client.ask("POST", path, {"assistant_id": id_})
        assert answer.error == (404, text, None, None)


@pytest.mark.promise("3.7", "1.15")
def test_a_second_active_run(client: Client) -> None:
    """It is refused by an error that names the thread and the run."""
    run = waiting(client)
    path = f"/threads/{run['thread_id']}/runs"
    answer = client.ask("POST", path, {"assistant_id": run["assistant_id"]})
    text = f"Thread {run['thread_id']} already has an active run {run['id']}."
    assert answer.error == (400, text, None, None)


@pytest.mark.promise("3.8")
def test_a_run_needs_something_to_answer(client: Client) -> None:
    """Neither a message of the user's nor instructions: refused. Either is enough."""
    text = "Run creation requires a Thread with a user message or an assistant with instructions."
    body = {"assistant_id": client.assistant()["id"]}
    spoken = {"messages": [{"role": "assistant", "content": "Hi"}]}
    thread = client.post("/threads", spoken)
    cases: list[tuple[str, dict[str, object]]] = [
        (f"/threads/{thread['id']}/runs", {}),
        ("/threads/runs", {}),
        ("/threads/runs", {"thread": spoken}),
    ]
    for path, more in cases:
        answer = client.ask("POST", path, {**body, **more})
        assert answer.error == (400, text, None, "invalid_thread")
    client.until(client.run(thread, instructions="Say hello."), "completed")


@pytest.mark.promise("3.8")
def test_the_user_s_messages_are_deleted(client: Client) -> None:
    """A thread that had some and has none is as one that never had any."""
    thread, body = client.thread("One", "Two"), {"assistant_id": client.assistant()["id"]}
    extra = [{"role": "user", "content": "Three"}, {"role": "assistant", "content": "Four"}]
    client.until(client.run(thread, additional_messages=extra), "completed")
    path = f"/threads/{thread['id']}"
    left = [m for m in client.get(f"{path}/messages")["data"] if m["role"] == "user"]
    for message in left:
        client.until(client.run(thread), "completed")
        answer = client.ask("DELETE", f"{path}/messages/{message['id']}")
        assert answer.status == 200
    refused = client.ask("POST", f"{path}/runs", body)
    assert (refused.status, refused.error[3]) == (400, "invalid_thread")
    client.message(thread)
    client.until(client.run(thread), "completed")


@pytest.mark.promise("3.9")
def test_a_model_that_is_not_mapped(client: Client) -> None:
    """A run can't ask for it either."""
    path = f"/threads/{client.thread('Hi')['id']}/runs"
    body = {"assistant_id": client.assistant()["id"], "model": "gpu-1"}
    text = "The requested model 'gpu-1' cannot be used with the Assistants API."
    assert client.ask("POST", path, body).error == (400, text, "model", "unsupported_model")


@pytest.mark.promise("3.10")
@pytest.mark.parametrize("name", ["include[]", "include"])
def test_include(client: Client, name: str) -> None:
    """Its one value is taken where it can be given, with or without brackets; others are not."""
    run = client.until(client.run(), "completed")
    steps = f"{path_of(run)}/steps"
    (step,) = client.get(steps)["data"]
    body = {"assistant_id": run["assistant_id"]}
    for method, path, sent in (
        ("GET", steps, None),
        ("GET", f"{steps}/{step['id']}", None),
        ("POST", f"/threads/{run['thread_id']}/runs", body),
    ):
        text = f"Invalid value: 'all'. Supported values are: '{CONTENT}'."
        refused = client.ask(method, path, sent, {name: "all"})
        assert refused.error == (400, text, "include[]", "invalid_value")
        assert client.ask(method, path, sent, {name: CONTENT}).status == 200


@pytest.mark.promise("3.11")
def test_a_thread_and_its_run(client: Client) -> None:
    """One request makes both and answers the run; the thread has what the body gave to it."""
    body = {
        "assistant_id": client.assistant()["id"],
        "thread": {"messages": [{"role": "user", "content": "Hi"}], "metadata": {"k": "v"}},
        "tool_resources": {"code_interpreter": {"file_ids": ["file-1"]}},
    }
    run = client.until(client.post("/threads/runs", body), "completed")
    assert run["tool_resources"] == body["tool_resources"]
    thread = client.get(f"/threads/{run['thread_id']}")
    assert (thread["metadata"], thread["tool_resources"]) == ({"k": "v"}, {})
    assert len(client.get(f"/threads/{thread['id']}/messages")["data"]) == 2
    for name in ("additional_messages", "additional_instructions"):
        answer = client.ask("POST", "/threads/runs", {**body, name: None})
        assert answer.error == (400, f"Unknown parameter: '{name}'.", name, "unknown_parameter")


@pytest.mark.promise("3.12", "18.2")
def test_runs_are_listed_and_retrieved(client: Client) -> None:
    """A retrieved run tells pollers when to look again; a run of another thread is a 404."""
    run = waiting(client)
    path = f"/threads/{run['thread_id']}/runs"
    assert client.get(path)["data"] == [run]
    answer = client.ask("GET", path_of(run))
    assert answer.json == run
    assert answer.headers["openai-poll-after-ms"] == "200"
    assert "openai-poll-after-ms" not in client.ask("GET", path).headers
    other = f"/threads/{client.thread()['id']}/runs/{run['id']}"
    text = f"No run found with id '{run['id']}'."
    assert client.ask("GET", other).error == (404, text, None, None)


@pytest.mark.promise("3.13", "15.1")
@pytest.mark.parametrize("status", ["requires_action", "completed"])
def test_a_run_s_metadata_is_changed(client: Client, status: str) -> None:
    """Before its end and after it; nothing else of a run can be changed."""
    tools = [FUNCTION] if status == "requires_action" else []
    run = client.until(client.run(tools=tools), status)
    assert client.post(path_of(run), {"metadata": {"k": "v"}}) == {**run, "metadata": {"k": "v"}}
    assert client.post(path_of(run), {})["metadata"] == {"k": "v"}
    assert client.post(path_of(run), {"metadata": None}) == run
    answer = client.ask("POST", path_of(run), {"status": "completed"})
    assert answer.error == (400, "Unknown parameter: 'status'.", "status", "unknown_parameter")


@pytest.mark.promise("3.14", "3.15", "1.7", "1.15")
def test_a_waiting_run_is_cancelled(client: Client) -> None:
    """The answer is `cancelling`, the end `cancelled`; a run that is over can't be cancelled."""
    run = waiting(client)
    answer = client.post(f"{path_of(run)}/cancel")
    assert (answer["status"], answer["cancelled_at"]) == ("cancelling", None)
    over = client.until(run, "cancelled")
    assert over["cancelled_at"] is not None
    assert (over["required_action"], over["expires_at"]) == (None, None)
    refused = client.ask("POST", f"{path_of(run)}/cancel")
    text = "Cannot cancel run with status 'cancelled'."
    assert refused.error == (400, text, None, None)


@pytest.mark.promise("3.14", "3.15")
def test_a_running_run_is_cancelled(client: Client) -> None:
    """It is `cancelling` until whoever works on it ends it; meanwhile it takes no second one."""
    run = client.until(client.run(client.thread(STALL)), "in_progress")
    assert client.post(f"{path_of(run)}/cancel")["status"] == "cancelling"
    refused = client.ask("POST", f"{path_of(run)}/cancel")
    text = "Cannot cancel run with status 'cancelling'."
    assert refused.error == (400, text, None, None)
    client.system.until(lambda: client.get(path_of(run))["status"] == "cancelled", moving=0.1)


@pytest.mark.promise("3.16", "3.17", "3.19", "4.2", "4.3", "4.6", "20.10")
def test_a_tool_round_trip(client: Client) -> None:
    """Calls, outputs, answer: what a run and its steps show on the way."""
    run = waiting(client, FUNCTION, SECOND)
    calls: list[dict[str, Any]] = [
        {"id": f"call_{n}", "type": "function", "function": {"name": name, "arguments": "{}"}}
        for n, name in enumerate("fg")
    ]
    action = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": calls}}
    assert (run["required_action"], run["usage"]) == (action, None)
    (step,) = client.get(f"{path_of(run)}/steps")["data"]
    on_step = [{**call, "function": {**call["function"], "output": None}} for call in calls]
    assert step["step_details"] == {"type": "tool_calls", "tool_calls": on_step}
    queued = submit(client, run, "call_1", "call_0").json
    assert (queued["status"], queued["required_action"]) == ("queued", None)
    kept = ("started_at", "expires_at", "created_at")
    assert [queued[name] for name in kept] == [run[name] for name in kept]
    over = client.until(run, "completed")
    said, called = client.get(f"{path_of(run)}/steps")["data"]
    outputs = [call["function"]["output"] for call in called["step_details"]["tool_calls"]]
    assert outputs == ["", ""]
    total = [step["usage"]["total_tokens"] for step in (said, called)]
    assert over["usage"]["total_tokens"] == sum(total) > 0
    assert (over["required_action"], over["expires_at"], said["expires_at"]) == (None,) * 3
    refused = submit(client, run, "call_0", "call_1")
    text = 'Runs in status "completed" do not accept tool outputs.'
    assert refused.error == (400, text, None, None)


@pytest.mark.promise("3.18")
@pytest.mark.parametrize("ids", [["call_0"], [], ["call_0", "call_2"], ["call_0", "call_0"]])
def test_other_ids_than_those_that_wait(client: Client, ids: list[str]) -> None:
    """Missing, unknown and doubled ids are refused by both lists, and the run goes on waiting."""
    run = waiting(client, FUNCTION, SECOND)
    text = f"Expected tool outputs for call_ids ['call_0', 'call_1'], got {ids}"
    assert submit(client, run, *ids).error == (400, text, None, None)
    assert client.get(path_of(run)) == run


@pytest.mark.promise("3.20")
@pytest.mark.parametrize(
    "choice",
    [
        "none",
        "auto",
        "required",
        {"type": "function", "function": {"name": "f"}},
    ],
)
def test_a_tool_choice_comes_back(client: Client, choice: Any) -> None:
    """As it was given."""
    assert client.run(tools=[FUNCTION], tool_choice=choice)["tool_choice"] == choice


def free(client: Client, run: Any) -> bool:
    """Whether the run's thread takes a message and another run."""
    thread = client.get(f"/threads/{run['thread_id']}")
    client.message(thread)
    return bool(client.until(client.run(thread), "completed"))


@pytest.mark.promise("3.21", "10.2")
def test_json_mode_without_the_word(client: Client) -> None:
    """The run fails as the service's did; told of JSON, it completes."""
    format_ = {"type": "json_object"}
    run = client.until(client.run(response_format=format_), "failed")
    assert run["last_error"] == {
        "code": "invalid_prompt",
        "message": (
            "'messages' must contain the word 'json' in some form, to use 'response_format' of "
            "type 'json_object'."
        ),
    }
    thread = client.thread("In JSON, please")
    client.until(client.run(thread, response_format=format_), "completed")
    assert free(client, run)


@pytest.mark.promise("10.1", "10.2", "3.17")
def test_an_expired_run(client: Client) -> None:
    """It is expired from its deadline on; outputs come too late, and the thread is free."""
    run = waiting(client)
    now = client.system.clock.now()
    client.system.advance(run["expires_at"] - now - 1)
    assert client.get(path_of(run)) == run
    client.system.advance(1)
    seen = client.get(path_of(run))
    assert (seen["status"], seen["required_action"]) == ("expired", None)
    assert client.get(f"/threads/{run['thread_id']}/runs")["data"] == [seen]
    (step,) = client.get(f"{path_of(run)}/steps")["data"]
    assert (step["status"], step["expired_at"]) == ("expired", run["expires_at"])
    text = 'Runs in status "expired" do not accept tool outputs.'
    assert submit(client, run, "call_0").error == (400, text, None, None)
    assert free(client, run)


@pytest.mark.promise("10.2", "10.3")
def test_a_failed_run(client: Client) -> None:
    """The model's failure is the run's, not the request's."""
    run = client.until(client.run(client.thread(BREAK)), "failed")
    assert run["last_error"] == {"code": "rate_limit_exceeded", "message": "Slow down."}
    assert run["failed_at"] is not None
    assert (run["completed_at"], run["expires_at"]) == (None, None)
    assert free(client, run)


@pytest.mark.promise("10.2", "10.4")
def test_an_incomplete_run(client: Client) -> None:
    """What was said before the budget ended is kept, as an incomplete message."""
    run = client.run(client.thread(CUT), max_completion_tokens=256)
    run = client.until(run, "incomplete")
    assert run["incomplete_details"] == {"reason": "max_completion_tokens"}
    assert run["usage"]["total_tokens"] > 0
    (said, _) = client.get(f"/threads/{run['thread_id']}/messages")["data"]
    assert (said["status"], said["incomplete_details"]) == ("incomplete", {"reason": "max_tokens"})
    assert said["content"][0]["text"]["value"] == "Hello"
    assert free(client, run)


@pytest.mark.promise("4.1", "4.3", "1.12")
def test_a_step(client: Client) -> None:
    """It has every key, open and over, listed and retrieved."""
    run = waiting(client)
    (step,) = client.get(f"{path_of(run)}/steps")["data"]
    assert list(step) == STEP_KEYS
    assert step["expires_at"] == run["expires_at"]
    assert (step["usage"], step["expired_at"], step["metadata"]) == (None, None, {})
    submit(client, run, "call_0")
    client.until(run, "completed")
    over = client.get(f"{path_of(run)}/steps/{step['id']}")
    assert list(over) == STEP_KEYS
    assert (over["status"], over["expires_at"]) == ("completed", None)
    assert list(over["usage"]) == [
        "prompt_tokens",
        "completion_tokens",
        "total_tokens",
        "prompt_token_details",
        "completion_tokens_details",
    ]


@pytest.mark.promise("4.4", "4.2")
def test_steps_are_listed_newest_first(client: Client) -> None:
    """The answer's step comes before that of the calls; pages are those of every list."""
    run = waiting(client)
    submit(client, run, "call_0")
    client.until(run, "completed")
    path = f"{path_of(run)}/steps"
    page = client.get(path)
    assert [step["type"] for step in page["data"]] == ["message_creation", "tool_calls"]
    first = client.get(path, limit=1)
    assert (first["data"], first["has_more"]) == (page["data"][:1], True)
    rest = client.get(path, limit=1, after=first["last_id"])
    assert (rest["data"], rest["has_more"]) == (page["data"][1:], False)


@pytest.mark.promise("4.5", "18.2")
def test_a_step_that_is_not_there(client: Client) -> None:
    """The text is the service's."""
    run = client.until(client.run(), "completed")
    answer = client.ask("GET", f"{path_of(run)}/steps/step_123")
    assert answer.error == (404, "No run step found with id 'step_123'.", None, None)


@pytest.mark.promise("19.1", "1.6")
def test_a_stream(client: Client) -> None:
    """Asked for in the body, whatever `Accept` says, it is told up to `done`."""
    body = {"assistant_id": client.assistant()["id"], "stream": True}
    path = f"/threads/{client.thread('Hi')['id']}/runs"
    answer = client.ask("POST", path, body, headers={"accept": "application/json"})
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.text.startswith("event: thread.run.created\n")
    assert answer.text.endswith("event: done\ndata: [DONE]\n\n")
    headers = {"accept": "text/event-stream"}
    plain = client.ask("POST", path, {**body, "stream": False}, headers=headers)
    assert plain.json["status"] == "queued"


@pytest.mark.promise("19.2")
def test_a_stream_that_can_t_begin(client: Client) -> None:
    """What is wrong before the first event is an ordinary error."""
    answer = client.ask("POST", "/threads/runs", {"assistant_id": "asst_1", "stream": True})
    assert answer.error == (404, "No assistant found with id 'asst_1'.", None, None)
