"""What was acknowledged is there after a kill."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from infra.local.aws.dynamodb import DynamoDB
from tests.aws.items import run, values
from tests.fake_clock import FakeClock
from threadkeep.store.tables import TABLES

PROGRAM = """
import sys
from pathlib import Path
from infra.local.aws.dynamodb import DynamoDB
from threadkeep.domain.clock import SystemClock
from threadkeep.store.tables import TABLES

emulator = DynamoDB(Path(sys.argv[1]), SystemClock(), TABLES)
key = {"thread": {"S": "t"}, "run_id": {"S": "head"}}
n = 0
while True:
    item = {"thread": {"S": "put"}, "run_id": {"S": f"{n:06d}"}}
    emulator.call("PutItem", {"TableName": "runs", "Item": item})
    head = {"TableName": "runs", "Key": key, "UpdateExpression": "ADD n :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}}}
    entry = {"TableName": "runs", "Item": {"thread": {"S": "t"}, "run_id": {"S": f"log_{n:06d}"}}}
    emulator.call("TransactWriteItems", {"TransactItems": [{"Update": head}, {"Put": entry}]})
    n += 1
    print(n, flush=True)
"""
ACKNOWLEDGED = 200


def count(emulator: DynamoDB, thread: str) -> int:
    request: dict[str, Any] = {
        "TableName": "runs",
        "KeyConditionExpression": "thread = :t",
        "ExpressionAttributeValues": values(t=thread),
        "Select": "COUNT",
    }
    return int(emulator.call("Query", request)["Count"])


def test_a_kill_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    """Neither puts nor transactions nor their records; and no transaction is there in part."""
    path = tmp_path / "dynamodb.db"
    command = [sys.executable, "-c", PROGRAM, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout
        seen = [int(line) for _, line in zip(range(ACKNOWLEDGED), writer.stdout, strict=False)]
        os.kill(writer.pid, signal.SIGKILL)
        seen += [int(line) for line in writer.stdout if line.endswith("\n")]
    emulator = DynamoDB(path, FakeClock(), TABLES)
    try:
        head = emulator.call("GetItem", {"TableName": "runs", "Key": run("head")})["Item"]
        transactions, puts = int(head["n"]["N"]), count(emulator, "put")
        assert len(seen) >= ACKNOWLEDGED
        assert seen[-1] <= transactions <= seen[-1] + 1
        assert transactions <= puts <= transactions + 1
        assert count(emulator, "t") == transactions + 1
        records = emulator.records("runs", 0, 1_000_000)
        assert len(records) == puts + 2 * transactions
    finally:
        emulator.close()
