"""Changes that meet: of two at once nothing is lost, and what is deleted stays deleted."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from infra.local.aws.transport import AwsCall
from tests.faults import Barrier, Interception
from tests.objects import long_text
from tests.scripted_provider import ScriptedProvider, Stall
from tests.system import Refused, System, running
from threadkeep.providers.port import Text


class Meanwhile(Interception):
    """Does something once, between what a handler read and its write."""

    def __init__(self, handler: str, act: Callable[[], object]) -> None:
        self.done = False
        self._handler = f"functions.{handler}"
        self._act = act

    def before(self, call: AwsCall, /) -> None:
        route = call.invocation and call.invocation.route
        if route == self._handler and call.operation == "TransactWriteItems" and not self.done:
            self.done = True
            self._act()


def meanwhile(system: System, handler: str, act: Callable[[], object]) -> Meanwhile:
    there = Meanwhile(handler, act)
    system.local.transport.interceptors.append(there)
    return there


def delete(system: System, path: str) -> dict[str, Any]:
    return system.request("DELETE", path, None, "acme")


@pytest.fixture
def idle(tmp_path: Path) -> Iterator[System]:
    """A system that takes requests and works on nothing: runs stay queued."""
    system = System(tmp_path)
    yield system
    system.local.stop()


def test_two_changes_of_different_fields(idle: System) -> None:
    """Both come through, though each had read the assistant before the other wrote."""
    path = f"/assistants/{idle.assistant()['id']}"
    both = Barrier(2, lambda call: call.operation == "TransactWriteItems")
    idle.local.transport.interceptors.append(both)
    with ThreadPoolExecutor(2) as pool:
        changes: list[dict[str, Any]] = [{"name": "n"}, {"metadata": {"k": "v"}}]
        list(pool.map(lambda change: idle.post(path, change), changes))
    changed = idle.get(path)
    assert (changed["name"], changed["metadata"]) == ("n", {"k": "v"})


def some(system: System, kind: str) -> str:
    """The path of an object of this kind."""
    if kind == "assistants":
        return f"/assistants/{system.assistant()['id']}"
    path = f"/threads/{system.thread('Hi')['id']}"
    if kind == "threads":
        return path
    (message,) = system.get(f"{path}/messages")["data"]
    return f"{path}/messages/{message['id']}"


@pytest.mark.parametrize("kind", ["assistants", "threads", "messages"])
def test_a_change_that_meets_a_deletion(idle: System, kind: str) -> None:
    """It finds nothing, and does not bring back what is deleted."""
    path = some(idle, kind)
    there = meanwhile(idle, f"{kind}.modify", lambda: delete(idle, path))
    for method, body in (("POST", {"metadata": {"k": "v"}}), ("GET", None)):
        with pytest.raises(Refused) as refused:
            idle.request(method, path, body, "acme")
        assert refused.value.status == 404
    assert there.done


def test_a_changed_thread_keeps_its_lock(idle: System) -> None:
    """A run that was created between a change's read and its write still holds the thread."""
    thread_id, assistant_id = idle.thread("Hi")["id"], idle.assistant()["id"]
    meanwhile(idle, "threads.modify", lambda: idle.run(thread_id, assistant_id))
    idle.post(f"/threads/{thread_id}", {"metadata": {"k": "v"}})
    with pytest.raises(Refused) as refused:
        idle.run(thread_id, assistant_id)
    assert "already has an active run" in refused.value.error["message"]
    assert idle.get(f"/threads/{thread_id}")["metadata"] == {"k": "v"}


def test_a_run_changed_while_it_works(tmp_path: Path) -> None:
    """Its new metadata stays, and its end does, whichever is written in between."""
    provider = ScriptedProvider([Text("So far"), Stall()])
    with running(tmp_path, provider=provider) as system:
        run = system.new_run("Hi")
        path = f"/threads/{run['thread_id']}/runs/{run['id']}"
        system.until(lambda: system.stored(run) == "in_progress")

        def end() -> None:
            system.post(f"{path}/cancel")
            system.ended(run, moving=0.25)

        assert system.post(path, {"metadata": {"k": "early"}})["status"] == "in_progress"
        meanwhile(system, "runs.modify", end)
        system.post(path, {"metadata": {"k": "late"}})
        ended = system.seen(run)
        assert (ended["status"], ended["metadata"]) == ("cancelled", {"k": "late"})


def test_a_deletion_that_meets_a_run(idle: System) -> None:
    """The message is what the run begins with: it stays, and both ids are named. Past the run's
    deadline it can be deleted.
    """
    thread_id, assistant_id = idle.thread("Hi")["id"], idle.assistant()["id"]
    (message,) = idle.get(f"/threads/{thread_id}/messages")["data"]
    path = f"/threads/{thread_id}/messages/{message['id']}"
    runs: list[dict[str, Any]] = []
    meanwhile(idle, "messages.delete", lambda: runs.append(idle.run(thread_id, assistant_id)))
    with pytest.raises(Refused) as refused:
        delete(idle, path)
    text = f"Can't delete messages from {thread_id} while a run {runs[0]['id']} is active."
    assert (refused.value.status, refused.value.error["message"]) == (400, text)
    assert idle.get(path) == message
    idle.advance(600)
    assert delete(idle, path)["deleted"]


@pytest.mark.parametrize("kind", ["assistants", "threads", "messages"])
def test_two_deletions_at_once(idle: System, kind: str) -> None:
    """One of them deletes, the other finds nothing."""
    path = some(idle, kind)
    both = Barrier(2, lambda call: call.operation == "TransactWriteItems")
    idle.local.transport.interceptors.append(both)

    def status(_: int) -> int:
        try:
            delete(idle, path)
        except Refused as refused:
            return refused.status
        return 200

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(status, range(2))) == [200, 404]


def test_a_deleted_message_leaves_no_content(idle: System) -> None:
    """What was too large for its item goes with it, and nothing else's."""
    first, second = long_text(1), long_text(2)
    path = f"/threads/{idle.thread()['id']}/messages"
    ids = [idle.post(path, {"role": "user", "content": text})["id"] for text in (first, second)]
    delete(idle, f"{path}/{ids[0]}")
    query = {
        "TableName": "contents",
        "KeyConditionExpression": "thread = :t",
        "ExpressionAttributeValues": {":t": {"S": f"acme/{path.split('/')[2]}"}},
        "ConsistentRead": True,
    }
    rows = idle.local.dynamodb.call("Query", query)["Items"]
    owners = {row["part"]["S"].partition("#")[0] for row in rows}
    assert owners == {ids[1]}
    (left,) = idle.get(path)["data"]
    assert left["content"][0]["text"]["value"] == second
