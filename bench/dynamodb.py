"""The emulated DynamoDB with 100,000 items in the table, through an ordinary botocore client."""

import tempfile
from pathlib import Path
from typing import Any

from bench.timing import median_ms, report
from infra.local.aws.dynamodb import DynamoDB
from infra.local.aws.transport import Transport
from threadkeep.domain.clock import SystemClock
from threadkeep.store.tables import TABLES

_ITEMS = 100_000


def _item(number: int) -> dict[str, Any]:
    return {
        "thread": {"S": f"bench/thread_{number // 100}"},
        "message_id": {"S": f"msg_{number:024}"},
        "content": {"S": "a message of usual length " * 8},
    }


def _transaction(number: int) -> list[dict[str, Any]]:
    return [
        {"Put": {"TableName": "messages", "Item": _item(_ITEMS * 3 + number * 3 + n)}}
        for n in range(3)
    ]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        emulator = DynamoDB(Path(folder) / "bench.db", SystemClock(), TABLES)
        client: Any = Transport(emulator.call, lambda *_: {}).session().create_client("dynamodb")
        for start in range(0, _ITEMS, 25):
            puts = [{"PutRequest": {"Item": _item(n)}} for n in range(start, start + 25)]
            emulator.call("BatchWriteItem", {"RequestItems": {"messages": puts}})
            if start % 20_000 == 0:
                print(f"{start} of {_ITEMS} items written", flush=True)
        key = {name: _item(5_000)[name] for name in ("thread", "message_id")}
        query = {
            "TableName": "messages",
            "KeyConditionExpression": "thread = :t",
            "ExpressionAttributeValues": {":t": key["thread"]},
            "ConsistentRead": True,
            "Limit": 20,
        }
        report(
            "PutItem",
            median_ms(lambda n: client.put_item(TableName="messages", Item=_item(_ITEMS * 2 + n))),
        )
        report(
            "GetItem",
            median_ms(
                lambda _: client.get_item(TableName="messages", Key=key, ConsistentRead=True)
            ),
        )
        report("Query of 20", median_ms(lambda _: client.query(**query)))
        report(
            "Transaction of 3",
            median_ms(lambda n: client.transact_write_items(TransactItems=_transaction(n))),
        )
        emulator.close()


if __name__ == "__main__":
    main()
