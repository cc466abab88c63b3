"""Threads, messages and text runs, from the request to what is stored, on emulator and moto."""

import pytest

from tests.journeys.conftest import Start
from tests.scripted_provider import USAGE, ScriptedProvider, Stall, says
from tests.system import Refused, System
from threadkeep.providers.port import Failed, Finished, Text


def texts(system: System, thread_id: str, order: str = "asc") -> list[str]:
    page = system.get(f"/threads/{thread_id}/messages?order={order}&limit=100")
    return [message["content"][0]["text"]["value"] for message in page["data"]]


def test_a_text_run(system: System) -> None:
    """A run is queued, worked on and completed; its answer is the thread's newest message."""
    run = system.new_run("Hi")
    assert run["status"] == "queued"
    ended = system.ended(run)
    assert ended["status"] == "completed"
    assert ended["usage"]["total_tokens"] == USAGE.total
    assert texts(system, run["thread_id"]) == ["Hi", "Hello there"]
    (step,) = system.steps(run)
    assert step["status"] == "completed"


def test_one_run_after_another(system: System) -> None:
    """The second is asked with what the first answered."""
    first = system.ended(system.new_run("Hi"))
    second = system.run(first["thread_id"], first["assistant_id"])
    assert system.ended(second)["status"] == "completed"
    assert texts(system, first["thread_id"]) == ["Hi", "Hello there", "Hello there"]


def test_a_thread_and_its_run_at_once(system: System) -> None:
    """Both are made by one request."""
    body = {
        "assistant_id": system.assistant()["id"],
        "thread": {"messages": [{"role": "user", "content": "Hi"}]},
    }
    run = system.ended(system.post("/threads/runs", body))
    assert texts(system, run["thread_id"]) == ["Hi", "Hello there"]


def test_additional_messages(system: System) -> None:
    """They lie before the run's answer, in their order."""
    more = [{"role": "user", "content": text} for text in ("And", "so")]
    run = system.ended(system.new_run("Hi", additional_messages=more))
    assert texts(system, run["thread_id"]) == ["Hi", "And", "so", "Hello there"]


def test_a_thread_takes_one_run(start: Start) -> None:
    """A second one is refused while the first is active, and a message, too."""
    system = start(provider=ScriptedProvider([Text("So far"), Stall()]))
    run = system.new_run("Hi")
    with pytest.raises(Refused, match="already has an active run"):
        system.run(run["thread_id"], run["assistant_id"])
    message = {"role": "user", "content": "More"}
    with pytest.raises(Refused, match="while a run"):
        system.post(f"/threads/{run['thread_id']}/messages", message)
    system.post(f"/threads/{run['thread_id']}/runs/{run['id']}/cancel")
    assert system.ended(run)["status"] == "cancelled"


def test_a_model_that_fails(start: Start) -> None:
    """The run fails with the provider's reason, and the thread is free again."""
    failing = ScriptedProvider([Failed("rate_limit_exceeded", "Too many requests.")])
    system = start(provider=failing)
    run = system.ended(system.new_run("Hi"))
    assert (run["status"], run["last_error"]["code"]) == ("failed", "rate_limit_exceeded")
    again = system.run(run["thread_id"], run["assistant_id"])
    assert system.ended(again)["status"] == "failed"


def test_an_answer_that_is_cut(start: Start) -> None:
    """The run is incomplete, and so is its message, with what it has said."""
    system = start(provider=ScriptedProvider([Text("So f"), Finished("length", USAGE)]))
    run = system.ended(system.new_run("Hi"))
    assert (run["status"], run["incomplete_details"]) == (
        "incomplete",
        {"reason": "max_completion_tokens"},
    )
    answer = system.messages(run)[-1]
    assert (answer["status"], answer["content"][0]["text"]["value"]) == ("incomplete", "So f")


def test_a_long_answer(start: Start) -> None:
    """What does not fit into an item is whole all the same."""
    long = "".join(map(chr, range(0x4E00, 0x9FFF))) * 10
    system = start(provider=ScriptedProvider(says(long)))
    run = system.ended(system.new_run("Hi"))
    assert system.messages(run)[-1]["content"][0]["text"]["value"] == long


def test_pages(system: System) -> None:
    """Forward and back, in both orders, a list has every message once."""
    thread = system.thread(*[str(number) for number in range(7)])
    path = f"/threads/{thread['id']}/messages?limit=3"
    for order, expected in (("asc", range(7)), ("desc", range(6, -1, -1))):
        seen: list[str] = []
        after, more = "", True
        while more:
            page = system.get(f"{path}&order={order}{after}")
            more = page["has_more"]
            seen += [message["content"][0]["text"]["value"] for message in page["data"]]
            after = f"&after={page['last_id']}"
        assert seen == [str(number) for number in expected]
        back = system.get(f"{path}&order={order}&before={page['last_id']}")
        assert [m["content"][0]["text"]["value"] for m in back["data"]] == seen[3:6]


def test_changes(system: System) -> None:
    """Metadata of each object is replaced; an assistant is changed field by field."""
    run = system.ended(system.new_run("Hi"))
    path = f"/threads/{run['thread_id']}"
    message = system.messages(run)[0]
    for changed in (path, f"{path}/messages/{message['id']}", f"{path}/runs/{run['id']}"):
        system.post(changed, {"metadata": {"k": "v"}})
        assert system.get(changed)["metadata"] == {"k": "v"}
    assistant = f"/assistants/{run['assistant_id']}"
    system.post(assistant, {"name": "Ada"})
    assert (system.get(assistant)["name"], system.get(assistant)["model"]) == ("Ada", "gpt-4o")


def test_a_deleted_message(system: System) -> None:
    """It is gone, and its neighbours are not."""
    thread = system.thread("One", "Two", "Three")
    path = f"/threads/{thread['id']}/messages"
    middle = system.get(f"{path}?order=asc")["data"][1]
    assert system.request("DELETE", f"{path}/{middle['id']}", None, "acme")["deleted"]
    assert texts(system, thread["id"]) == ["One", "Three"]


def test_a_deleted_thread(system: System) -> None:
    """Nothing of it is answered any more, and its rows are removed."""
    run = system.ended(system.new_run("Hi"))
    path = f"/threads/{run['thread_id']}"
    system.request("DELETE", path, None, "acme")
    for gone in (path, f"{path}/messages", f"{path}/runs/{run['id']}"):
        with pytest.raises(Refused, match="No thread found"):
            system.get(gone)
    key = {"thread": {"S": f"acme/{run['thread_id']}"}, "run_id": {"S": run["id"]}}
    request = {"TableName": "runs", "Key": key, "ConsistentRead": True}
    system.until(lambda: "Item" not in system.local.dynamodb.call("GetItem", request))


def test_a_thread_that_is_deleted_under_its_run(start: Start) -> None:
    """The run's items go, too, and its executor writes nothing more."""
    system = start(provider=ScriptedProvider([Text("So far"), Stall()]))
    run = system.new_run("Hi")
    system.until(lambda: len(system.messages(run)) > 1)
    system.request("DELETE", f"/threads/{run['thread_id']}", None, "acme")
    key = {"thread": {"S": f"acme/{run['thread_id']}"}, "run_id": {"S": run["id"]}}
    request = {"TableName": "runs", "Key": key, "ConsistentRead": True}
    system.until(lambda: "Item" not in system.local.dynamodb.call("GetItem", request))


def test_two_projects(system: System) -> None:
    """Neither sees, lists or changes what is the other's."""
    run = system.ended(system.new_run("Hi"))
    path = f"/threads/{run['thread_id']}"
    for foreign in (path, f"{path}/messages", f"{path}/runs/{run['id']}"):
        with pytest.raises(Refused, match="No thread found"):
            system.get(foreign, project="other")
    with pytest.raises(Refused, match="No assistant found"):
        system.get(f"/assistants/{run['assistant_id']}", project="other")
    assert system.get("/assistants", project="other")["data"] == []
    assert system.get("/threads", project="other")["data"] == []
    assert [each["id"] for each in system.get("/threads")["data"]] == [run["thread_id"]]
