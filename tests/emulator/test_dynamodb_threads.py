"""Many callers at once."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.local.aws.dynamodb import DynamoDB
from infra.local.aws.dynamodb.storage import Storage
from tests.aws.items import item, run, values

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

THREADS = 6


def at_once(work: Callable[[int], Any]) -> list[Any]:
    with ThreadPoolExecutor(THREADS) as pool:
        return [done.result() for done in [pool.submit(work, n) for n in range(THREADS)]]


def number(client: "DynamoDBClient", run_id: str) -> int:
    answer: Any = client.get_item(TableName="runs", Key=run(run_id), ConsistentRead=True)
    return int(answer["Item"]["n"]["N"])


def test_no_update_is_lost(client: "DynamoDBClient") -> None:
    """Of six that compare and set the same version one wins, each time."""
    client.put_item(TableName="runs", Item=run("a", n=0))

    def raise_version(_: int) -> int:
        wins = 0
        for version in range(20):
            try:
                client.update_item(
                    TableName="runs",
                    Key=run("a"),
                    UpdateExpression="SET n = n + :one",
                    ConditionExpression="n = :version",
                    ExpressionAttributeValues=values(one=1, version=version),
                )
                wins += 1
            except client.exceptions.ConditionalCheckFailedException:
                pass
        return wins

    assert sum(at_once(raise_version)) == number(client, "a")


def test_a_transaction_appends_without_gaps(client: "DynamoDBClient") -> None:
    """Six append to a log whose head says how long it is: each entry has one author."""
    client.put_item(TableName="runs", Item=run("head", n=0))

    def append(_: int) -> list[int]:
        return [append_one() for _ in range(5)]

    def append_one() -> int:
        while True:
            length = number(client, "head")
            with suppress(client.exceptions.TransactionCanceledException):
                client.transact_write_items(TransactItems=entry(length))
                return length

    written = [length for lengths in at_once(append) for length in lengths]
    assert sorted(written) == list(range(THREADS * 5))
    assert number(client, "head") == THREADS * 5


def entry(length: int) -> Any:
    head = {
        "TableName": "runs",
        "Key": run("head"),
        "UpdateExpression": "ADD n :one",
        "ConditionExpression": "n = :length",
        "ExpressionAttributeValues": values(one=1, length=length),
    }
    made = {
        "TableName": "runs",
        "Item": run(f"log_{length:03d}"),
        "ConditionExpression": "attribute_not_exists(run_id)",
    }
    return [{"Update": head}, {"Put": made}]


def test_readers_do_not_wait_for_a_writer(emulator: DynamoDB) -> None:
    """While a transaction is open others read, and see what was committed before it."""
    emulator.call("PutItem", {"TableName": "runs", "Item": run("a", n=1)})
    with emulator._storage.writing() as connection:
        connection.execute("DELETE FROM items")
        request = {"TableName": "runs", "Key": run("a")}
        read = at_once(lambda _: emulator.call("GetItem", request))
    assert read == [{"Item": run("a", n=1)}] * THREADS


def test_connections_do_not_grow_with_threads(emulator: DynamoDB) -> None:
    """Threads come and go; what they read with is used again, and closed at the end."""
    request = {"TableName": "runs", "Key": run("a")}
    for _ in range(20):
        thread = threading.Thread(target=emulator.call, args=("GetItem", request))
        thread.start()
        thread.join()
    assert len(emulator._storage._idle) == 1


def test_a_reader_at_work_is_not_cut_off_by_close(emulator: DynamoDB) -> None:
    """It ends what it does and closes its own connection; those that come later are refused."""
    with emulator._storage.reading() as connection:
        emulator.close()
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert emulator._storage._idle == []


def test_concurrent_reads_and_writes_agree(emulator: DynamoDB) -> None:
    """A query amid transactions of two items that move together counts whole transactions."""
    pairs = [item(thread="t", run_id=side, n=0) for side in ("left", "right")]
    for pair in pairs:
        emulator.call("PutItem", {"TableName": "runs", "Item": pair})

    def work(worker: int) -> None:
        for _ in range(15):
            if worker % 2:
                move(emulator)
            else:
                assert len({side["n"]["N"] for side in both(emulator)}) == 1

    at_once(work)
    assert [side["n"]["N"] for side in both(emulator)] == ["45", "45"]


def move(emulator: DynamoDB) -> None:
    updates = [
        {
            "Update": {
                "TableName": "runs",
                "Key": run(side),
                "UpdateExpression": "ADD n :one",
                "ExpressionAttributeValues": values(one=1),
            }
        }
        for side in ("left", "right")
    ]
    emulator.call("TransactWriteItems", {"TransactItems": updates})


def both(emulator: DynamoDB) -> list[dict[str, Any]]:
    request = {
        "TableName": "runs",
        "KeyConditionExpression": "thread = :t",
        "ExpressionAttributeValues": values(t="t"),
    }
    found: list[dict[str, Any]] = emulator.call("Query", request)["Items"]
    return found


def test_a_write_that_waits_for_another_program_is_away(tmp_path: Path) -> None:
    """Who waits for a lock of somebody else's leaves its turn to others, and writes in the end."""
    away, back = threading.Event(), threading.Event()

    @contextmanager
    def leaving() -> Iterator[None]:
        away.set()
        yield
        back.set()

    storage = Storage(tmp_path / "file.db", away=leaving)
    with closing(sqlite3.connect(tmp_path / "file.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        writers = [threading.Thread(target=_count, args=(storage,)) for _ in range(2)]
        for writer in writers:
            writer.start()
        assert away.wait(10)
        assert not back.is_set()
        other.execute("COMMIT")
    for writer in writers:
        writer.join(10)
    assert back.is_set()
    with storage.reading() as connection:
        assert connection.execute("SELECT sum(sequence) FROM failures").fetchone() == (2,)
    storage.close()


def _count(storage: Storage) -> None:
    with storage.writing() as connection:
        name = threading.current_thread().name
        connection.execute("INSERT INTO failures VALUES (?, '', 1, '')", (name,))
