"""What has expired is removed, and nothing else."""

from pathlib import Path

import pytest

from infra.local.aws.dynamodb import DynamoDB
from tests.chaos.invariants import Invariants
from tests.fake_clock import FakeClock
from tests.system import running
from threadkeep.domain.references import RunRef
from threadkeep.store.event_rows import KEPT
from threadkeep.store.tables import RUN_EVENTS, TABLES

NOW = 1_000


def test_the_events_of_a_run_go_after_a_day(tmp_path: Path) -> None:
    """Within an hour after the time that they are kept; the run stays."""
    with running(tmp_path) as system:
        body = {"assistant_id": system.assistant()["id"], "stream": True}
        frames = list(system.stream(f"/threads/{system.thread('Hi')['id']}/runs", body))
        run = frames[0][1]
        events = system.local.services.store.run_events
        ref = RunRef("acme", run["thread_id"], run["id"])
        assert events.after(ref, 0)
        kept = Invariants(system.local).rows(RUN_EVENTS, ref.path)
        assert {row["expires"] for row in kept} == {run["created_at"] + 24 * 3600}
        system.advance(KEPT)
        system.until(lambda: not events.after(ref, 0), moving=600)
        assert system.seen(run)["status"] == "completed"


@pytest.mark.parametrize("by", [-36_000, 36_000])
def test_tables_are_swept_every_hour_whatever_the_wall_clock_shows(
    tmp_path: Path, by: float
) -> None:
    """An hour is an interval."""
    clock = FakeClock(1_800_000_000)
    with running(tmp_path, clock=clock) as system:
        events = {"run": {"S": "r"}, "seq": {"N": "1"}}
        key = {"TableName": RUN_EVENTS.name, "Key": events, "ConsistentRead": True}

        def there() -> bool:
            return "Item" in system.local.dynamodb.call("GetItem", key)

        def put() -> None:
            item = {**events, "expires": {"N": "1000"}}
            system.local.dynamodb.call("PutItem", {"TableName": RUN_EVENTS.name, "Item": item})

        put()
        system.until(lambda: not there(), moving=60)
        put()
        clock.set_wall(by)
        began = clock.monotonic()
        system.until(lambda: not there(), moving=60)
        assert clock.monotonic() - began < 18_000


def test_what_has_not_expired_stays(tmp_path: Path) -> None:
    """The second of its expiry is its last; an item without one never expires."""
    emulator = DynamoDB(tmp_path / "db", FakeClock(NOW), TABLES)
    for seq, expires in enumerate((NOW - 1, NOW, NOW + 1, None)):
        item = {"run": {"S": "r"}, "seq": {"N": str(seq)}}
        item |= {"expires": {"N": str(expires)}} if expires else {}
        emulator.call("PutItem", {"TableName": RUN_EVENTS.name, "Item": item})
    emulator.sweep()
    query = {
        "TableName": RUN_EVENTS.name,
        "KeyConditionExpression": "#r = :r",
        "ExpressionAttributeNames": {"#r": "run"},
        "ExpressionAttributeValues": {":r": {"S": "r"}},
        "ConsistentRead": True,
    }
    left = [item["seq"]["N"] for item in emulator.call("Query", query)["Items"]]
    assert left == ["1", "2", "3"]
    emulator.close()
