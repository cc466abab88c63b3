"""Streams: a record of each change, in the change's own transaction, in one durable sequence."""

import json
import sqlite3
import uuid
from dataclasses import dataclass
from typing import Any

from infra.local.aws.dynamodb.keys import schema
from infra.local.aws.dynamodb.values import AttributeMap
from threadkeep.store.tables import Table

_REGION = "us-east-1"
_ARN = f"arn:aws:dynamodb:{_REGION}:000000000000:table/{{}}/stream/local"


@dataclass(frozen=True)
class StoredRecord:
    """A change of a table. `document` is what a function gets; `sequence` only ever rises."""

    sequence: int
    document: dict[str, Any]


def append(
    connection: sqlite3.Connection,
    table: Table,
    old: AttributeMap | None,
    new: AttributeMap | None,
    now: float,
) -> None:
    item = new or old or {}
    both = table.stream == "NEW_AND_OLD_IMAGES"
    images = {"OldImage": old, "NewImage": new if both else None}
    document = {
        "eventID": uuid.uuid4().hex,
        "eventName": "INSERT" if old is None else "REMOVE" if new is None else "MODIFY",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "eventSourceARN": _ARN.format(table.name),
        "awsRegion": _REGION,
        "dynamodb": {
            "ApproximateCreationDateTime": int(now),
            "Keys": {key.name: item[key.name] for key in schema(table)},
            **{name: image for name, image in images.items() if image is not None},
            "StreamViewType": table.stream,
        },
    }
    connection.execute(
        "INSERT INTO records (name, document) VALUES (?, ?)",
        (table.name, json.dumps(document, ensure_ascii=False)),
    )


def read(connection: sqlite3.Connection, table: str, after: int, limit: int) -> list[StoredRecord]:
    rows = connection.execute(
        "SELECT sequence, document FROM records WHERE name = ? AND sequence > ? "
        "ORDER BY sequence LIMIT ?",
        (table, after, limit),
    ).fetchall()
    records = [StoredRecord(sequence, json.loads(document)) for sequence, document in rows]
    for record in records:
        record.document["dynamodb"]["SequenceNumber"] = f"{record.sequence:021d}"
    return records
