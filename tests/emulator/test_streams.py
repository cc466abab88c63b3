"""Streams: what a change tells its readers. The emulator, and moto where it has the same words."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from infra.local.aws.aws_error import AwsError
from infra.local.aws.dynamodb import DynamoDB
from tests.aws.clients import database_client, new_client
from tests.aws.items import Attributes, item, run, values
from tests.fake_clock import FakeClock
from threadkeep.store.tables import TABLES

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

Told = tuple[str, Attributes | None, Attributes | None]


def put(emulator: DynamoDB, item: Attributes, table: str = "runs") -> None:
    emulator.call("PutItem", {"TableName": table, "Item": item})


def told(documents: list[dict[str, Any]]) -> list[Told]:
    return [
        (document["eventName"], change.get("OldImage"), change.get("NewImage"))
        for document in documents
        for change in [document["dynamodb"]]
    ]


def read(kind: str, client: "DynamoDBClient", folder: Path) -> list[dict[str, Any]]:
    if kind == "emulator":
        second = DynamoDB(folder / "dynamodb.db", FakeClock(), TABLES)
        try:
            return [record.document for record in second.records("runs", 0, 100)]
        finally:
            second.close()
    arn = client.describe_table(TableName="runs")["Table"]["LatestStreamArn"]
    streams: Any = new_client("dynamodbstreams")
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = streams.get_shard_iterator(
        StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    records: list[dict[str, Any]] = streams.get_records(ShardIterator=iterator)["Records"]
    return records


@pytest.mark.parametrize("kind", ["moto", "emulator"])
def test_each_change_is_told_once_in_order(kind: str, tmp_path: Path) -> None:
    """Inserts, changes and removals with both images; nothing of what changed nothing or failed."""
    with database_client(kind, tmp_path) as client:
        new = run("new", n=1)
        failing: Any = [
            {"Put": {"TableName": "runs", "Item": run("failed")}},
            {
                "ConditionCheck": {
                    "TableName": "runs",
                    "Key": run("x"),
                    "ConditionExpression": "attribute_exists(run_id)",
                }
            },
        ]
        client.put_item(TableName="runs", Item=run("a", n=1))
        client.put_item(TableName="runs", Item=run("a", n=1))
        with suppress(client.exceptions.TransactionCanceledException):
            client.transact_write_items(TransactItems=failing)
        client.update_item(
            TableName="runs",
            Key=run("a"),
            UpdateExpression="ADD n :n",
            ExpressionAttributeValues=values(n=1),
        )
        client.update_item(
            TableName="runs",
            Key=run("new"),
            UpdateExpression="SET n = :n",
            ExpressionAttributeValues=values(n=1),
        )
        client.delete_item(TableName="runs", Key=run("missing"))
        client.delete_item(TableName="runs", Key=run("a"))
        documents = read(kind, client, tmp_path)
    assert told(documents) == [
        ("INSERT", None, run("a", n=1)),
        ("MODIFY", run("a", n=1), run("a", n=2)),
        ("INSERT", None, new),
        ("REMOVE", run("a", n=2), None),
    ]
    numbers = [int(document["dynamodb"]["SequenceNumber"]) for document in documents]
    assert numbers == sorted(set(numbers))


def test_a_record_is_what_a_function_gets(emulator: DynamoDB, clock: FakeClock) -> None:
    """All the keys that Lambda hands on."""
    put(emulator, run("a", n=1))
    (record,) = emulator.records("runs", 0, 10)
    event_id = record.document.pop("eventID")
    assert event_id
    assert record.document == {
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "eventSourceARN": "arn:aws:dynamodb:us-east-1:000000000000:table/runs/stream/local",
        "awsRegion": "us-east-1",
        "dynamodb": {
            "ApproximateCreationDateTime": int(clock.now()),
            "Keys": run("a"),
            "NewImage": run("a", n=1),
            "SequenceNumber": f"{record.sequence:021d}",
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
    }


def test_a_stream_shows_the_images_of_its_view(emulator: DynamoDB) -> None:
    """OLD_IMAGE has no new ones; a table without a stream has no records."""
    put(emulator, item(thread="t", n=1), "threads")
    put(emulator, item(thread="t", n=2), "threads")
    put(emulator, item(key_hash="h"), "api_keys")
    documents = [record.document for record in emulator.records("threads", 0, 10)]
    assert told(documents) == [("INSERT", None, None), ("MODIFY", item(thread="t", n=1), None)]
    assert documents[0]["dynamodb"]["Keys"] == item(thread="t")
    assert emulator.records("api_keys", 0, 10) == []


def test_records_are_read_on_and_trimmed(emulator: DynamoDB) -> None:
    """Each table's own; sequence numbers are never used again, also after all are trimmed."""
    for n in range(5):
        put(emulator, run(str(n)))
        put(emulator, item(thread=str(n)), "threads")
    first = emulator.records("runs", 0, 2)
    rest = emulator.records("runs", first[-1].sequence, 10)
    assert [r.document["dynamodb"]["Keys"]["run_id"]["S"] for r in first + rest] == list("01234")
    emulator.trim("runs", first[-1].sequence)
    assert emulator.records("runs", 0, 10) == rest
    emulator.trim("runs", rest[-1].sequence)
    assert emulator.records("runs", 0, 10) == []
    assert len(emulator.records("threads", 0, 10)) == 5
    last = emulator.records("threads", 0, 10)[-1].sequence
    emulator.trim("threads", last)
    put(emulator, run("5"))
    assert emulator.records("runs", 0, 10)[0].sequence > last


def test_records_survive_a_restart(tmp_path: Path) -> None:
    """What nobody has acknowledged is there again."""
    for n in range(2):
        emulator = DynamoDB(tmp_path / "dynamodb.db", FakeClock(), TABLES)
        put(emulator, run(str(n)))
        assert len(emulator.records("runs", 0, 10)) == n + 1
        emulator.close()


class WaitingClock(FakeClock):
    """Tells when somebody waits."""

    def __init__(self) -> None:
        super().__init__()
        self.waits = threading.Semaphore(0)

    def wait(self, condition: threading.Condition, until: float) -> None:
        assert until > self.monotonic()
        self.waits.release()
        condition.wait()


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[tuple[DynamoDB, WaitingClock]]:
    clock = WaitingClock()
    emulator = DynamoDB(tmp_path / "dynamodb.db", clock, TABLES)
    yield emulator, clock
    emulator.close()


WRITES: list[tuple[str, dict[str, Any]]] = [
    ("PutItem", {"TableName": "runs", "Item": run("a")}),
    ("UpdateItem", {"TableName": "runs", "Key": run("a")}),
    ("BatchWriteItem", {"RequestItems": {"runs": [{"PutRequest": {"Item": run("a")}}]}}),
    ("TransactWriteItems", {"TransactItems": [{"Put": {"TableName": "runs", "Item": run("a")}}]}),
]


@pytest.mark.parametrize(("operation", "request_"), WRITES)
def test_a_commit_wakes_who_waits_for_its_table(
    waiting: tuple[DynamoDB, WaitingClock], operation: str, request_: dict[str, Any]
) -> None:
    """And nobody else: a write to another table, and a refused one, leave the wait alone."""
    emulator, clock = waiting
    woken = threading.Event()

    def wait() -> None:
        emulator.wait_for_records("runs", 0, clock.monotonic() + 60)
        woken.set()

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    assert clock.waits.acquire(timeout=10)
    put(emulator, item(thread="t"), "threads")
    refused = {"TableName": "runs", "Item": run("a"), "ConditionExpression": "attribute_exists(n)"}
    with pytest.raises(AwsError):
        emulator.call("PutItem", refused)
    assert not woken.wait(0.05)
    emulator.call(operation, request_)
    assert woken.wait(10)
    thread.join()


def test_who_comes_late_does_not_wait(waiting: tuple[DynamoDB, WaitingClock]) -> None:
    """A record that is there already ends the wait before it begins."""
    emulator, clock = waiting
    put(emulator, run("a"))
    emulator.wait_for_records("runs", 0, clock.monotonic() + 60)
    assert not clock.waits.acquire(blocking=False)
