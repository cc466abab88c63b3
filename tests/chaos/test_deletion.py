"""A deleted thread: not found at once, and soon nothing of it is left."""

from pathlib import Path
from typing import Any

import pytest

from tests.faults import KillFrom
from tests.scripted_provider import ScriptedProvider, Stall
from tests.system import Refused, System, running
from threadkeep.providers.port import Text
from threadkeep.store.tables import CONTENTS, MESSAGES, RUN_STEPS, RUNS, Table

UNDER_A_THREAD = (CONTENTS, MESSAGES, RUNS, RUN_STEPS)


def rows(system: System, table: Table, partition: str) -> list[dict[str, Any]]:
    """What is stored under a partition key."""
    query = {
        "TableName": table.name,
        "KeyConditionExpression": "#k = :k",
        "ExpressionAttributeNames": {"#k": table.partition_key.name},
        "ExpressionAttributeValues": {":k": {"S": partition}},
        "ConsistentRead": True,
    }
    found: list[dict[str, Any]] = system.local.dynamodb.call("Query", query)["Items"]
    return found


def left(system: System, run: dict[str, Any]) -> int:
    """How many rows there are of the run's thread."""
    thread = f"acme/{run['thread_id']}"
    partitions = {RUN_STEPS.name: f"{thread}/{run['id']}"}
    return sum(len(rows(system, t, partitions.get(t.name, thread))) for t in UNDER_A_THREAD)


def delete(system: System, run: dict[str, Any]) -> dict[str, Any]:
    return system.request("DELETE", f"/threads/{run['thread_id']}", None, "acme")


def test_everything_is_gone(tmp_path: Path) -> None:
    """The answer is the contract's; every path under the thread is a 404; the rows go soon."""
    with running(tmp_path) as system:
        run = system.ended(system.new_run("Hi"))
        thread_id = run["thread_id"]
        answer = delete(system, run)
        assert answer == {"id": thread_id, "object": "thread.deleted", "deleted": True}
        message_id = "msg_0000"
        for path in (
            "",
            "/messages",
            f"/messages/{message_id}",
            "/runs",
            f"/runs/{run['id']}",
            f"/runs/{run['id']}/steps",
        ):
            with pytest.raises(Refused) as refused:
                system.get(f"/threads/{thread_id}{path}")
            assert refused.value.status == 404
            assert refused.value.error["message"] == f"No thread found with id '{thread_id}'."
        with pytest.raises(Refused):
            delete(system, run)
        system.until(lambda: left(system, run) == 0)


def test_a_run_that_was_going_writes_nothing_more(tmp_path: Path) -> None:
    """Its executor is fenced: nothing of it comes after what the cleaner removed."""
    provider = ScriptedProvider([Text("So far"), Stall()])
    with running(tmp_path, provider=provider) as system:
        run = system.new_run("Hi")
        system.until(lambda: system.steps(run))
        delete(system, run)
        system.until(lambda: left(system, run) == 0)
        system.until(lambda: not system.executing(f"{run['id']}-1"), moving=1)
        assert left(system, run) == 0


@pytest.mark.parametrize("first", range(9))
def test_the_cleaner_killed_from_any_call_on(tmp_path: Path, first: int) -> None:
    """The record comes again, and the next cleaner finds what is left."""
    with running(tmp_path) as system:
        run = system.ended(system.new_run("Hi"))
        system.local.transport.interceptors.append(KillFrom("cleaner", first))
        delete(system, run)
        system.until(lambda: left(system, run) == 0, moving=0.25)
