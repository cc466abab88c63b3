"""A deleted thread: not found at once, and soon nothing of it is left."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.invariants import Invariants
from tests.chaos.stream_readers import Audience
from tests.faults import HeldDelta, KillFrom
from tests.objects import IDS, NOW, message, ref, run, run_ref
from tests.scripted_provider import ScriptedProvider, Stall
from tests.system import Refused, System, running
from threadkeep.domain.turns import OpenTurn
from threadkeep.providers.port import Text
from threadkeep.store.actions import Put
from threadkeep.store.contents import put_message
from threadkeep.store.items import Item, to_dynamodb
from threadkeep.store.keys import key_of
from threadkeep.store.new_runs import put_run
from threadkeep.store.run_steps import put_step
from threadkeep.store.tables import CONTENTS, MESSAGES, RUN_EVENTS, RUN_STEPS, RUNS, Table

UNDER_A_THREAD = (CONTENTS, MESSAGES, RUNS)
UNDER_A_RUN = (RUN_STEPS, RUN_EVENTS)


def has_rows(system: System, table: Table, partition: str) -> bool:
    """Whether anything is stored under a partition key, but for the empty rows of a log."""
    rows = Invariants(system.local).rows(table, partition)
    emptied = [row for row in rows if table is RUN_EVENTS and row["row"] == "sealed"]
    assert not any("object" in row for row in emptied)
    return len(rows) > len(emptied)


def left(system: System, *runs: dict[str, Any]) -> list[str]:
    """The tables in which there is something of a thread with these runs."""
    thread = f"acme/{runs[0]['thread_id']}"
    partitions = [(table, thread) for table in UNDER_A_THREAD]
    partitions += [(table, f"{thread}/{run['id']}") for run in runs for table in UNDER_A_RUN]
    return [table.name for table, key in partitions if has_rows(system, table, key)]


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
        system.until(lambda: not left(system, run))


def test_a_run_that_was_going_writes_nothing_more(tmp_path: Path) -> None:
    """Its executor is fenced: nothing of it comes after what the cleaner removed."""
    provider = ScriptedProvider([Text("So far"), Stall()])
    with running(tmp_path, provider=provider) as system:
        run = system.new_run("Hi")
        system.until(lambda: system.steps(run))
        delete(system, run)
        system.until(lambda: not left(system, run))
        system.until(lambda: not system.executing(f"{run['id']}-1"), moving=1)
        assert not left(system, run)


def test_a_delta_that_comes_after_the_cleaner(tmp_path: Path) -> None:
    """It does not check the run, but its place in the log is taken: nothing said is left."""
    held = HeldDelta()
    with running(tmp_path) as system:
        system.local.transport.interceptors.append(held)
        audience = Audience(system)
        run = audience.run
        assert held.reached.wait(20)
        system.until(lambda: audience.said("thread.message.in_progress"))
        delete(system, run)
        system.until(lambda: not left(system, run))
        held.let_go.set()
        system.until(lambda: not system.executing(f"{run['id']}-1"), moving=0.25)
        assert not left(system, run)


def test_a_streamed_run_that_nobody_took_up(tmp_path: Path) -> None:
    """What its first events say of it goes, too."""
    system = System(tmp_path)
    thread_id, assistant_id = system.thread("Hi")["id"], system.assistant()["id"]
    body = {"assistant_id": assistant_id, "stream": True, "metadata": {"k": "what a user wrote"}}
    _, run = next(system.stream(f"/threads/{thread_id}/runs", body))
    delete(system, run)
    (record,) = (r.document for r in system.local.dynamodb.records("threads", 0, 100)[-1:])
    system.local.invoke("cleaner", {"Records": [record]})
    assert not left(system, run)
    system.local.stop()


@pytest.mark.parametrize("first", range(9))
def test_the_cleaner_killed_from_any_call_on(tmp_path: Path, first: int) -> None:
    """The record comes again, and the next cleaner finds what is left."""
    with running(tmp_path) as system:
        run = system.ended(system.new_run("Hi"))
        system.local.transport.interceptors.append(KillFrom("cleaner", first))
        delete(system, run)
        system.until(lambda: not left(system, run), moving=0.25)


def fill(system: System, thread_id: str) -> list[dict[str, Any]]:
    """Give the thread 10,000 messages and 50 runs, each with a step, an event and long content."""
    given = ref(thread_id)
    runs = [replace(run(thread_id, status="completed"), id=IDS.new("run", NOW)) for _ in range(50)]
    messages = [message(thread_id, str(n)) for n in range(10_000)]
    puts = [put for each in messages for put in put_message(given, each)]
    for each in runs:
        begun = replace(each, steps=1)
        puts += [
            put_run(given, each),
            *put_step(run_ref(each), OpenTurn.begun(begun, "message_creation", NOW).step),
        ]
        place: Item = {"run": run_ref(each).path, "seq": 1, "expires": NOW}
        row = {**place, "attempt": 1, "row": "event", "event": "e"}
        puts.append(Put(RUN_EVENTS, row))
        puts.append(Put(CONTENTS, {**key_of(given), "part": f"{begun.open_message_id}#00"}))
    for start in range(0, len(puts), 25):
        chunk: dict[str, list[Any]] = {}
        for put in puts[start : start + 25]:
            request = {"PutRequest": {"Item": to_dynamodb(put.item)}}
            chunk.setdefault(put.table.name, []).append(request)
        system.local.dynamodb.call("BatchWriteItem", {"RequestItems": chunk})
    return [{"thread_id": thread_id, "id": each.id} for each in runs]


def test_a_large_thread_with_the_cleaner_killed_five_times(tmp_path: Path) -> None:
    """10,000 messages and 50 runs: 404 at once, and soon nothing is left in any table."""
    with running(tmp_path) as system:
        thread_id = system.thread()["id"]
        runs = fill(system, thread_id)
        assert set(left(system, *runs)) == {t.name for t in (*UNDER_A_THREAD, *UNDER_A_RUN)}
        kills = [KillFrom("cleaner", 40 * n, victim=n) for n in range(1, 6)]
        system.local.transport.interceptors += kills
        delete(system, runs[0])
        for path in ("", "/messages", "/runs", f"/runs/{runs[0]['id']}"):
            with pytest.raises(Refused) as refused:
                system.get(f"/threads/{thread_id}{path}")
            assert refused.value.status == 404
        last = MESSAGES, f"acme/{thread_id}"
        system.until(lambda: not has_rows(system, *last), moving=0.25)
        system.until(lambda: not left(system, *runs))
        assert [kill.calls for kill in kills] == [40 * n + 1 for n in range(1, 6)]
