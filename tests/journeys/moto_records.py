"""moto's streams, read as an event source mapping reads them."""

import base64
import json
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.session import Session

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_STEP = 0.02  # real seconds between two looks


@dataclass(frozen=True)
class MotoRecord:
    """A record, as a function is given it."""

    sequence: int
    document: dict[str, Any]


class MotoRecords:
    """The records of all tables, numbered as they are read. Trimmed ones stay: tests are short."""

    def __init__(self, session: Session, client: "DynamoDBClient") -> None:
        self._streams: Any = session.create_client("dynamodbstreams")
        self._client = client
        self._lock = threading.Lock()
        self._iterators: dict[str, str] = {}
        self._read: dict[str, list[MotoRecord]] = {}

    def records(self, table: str, after: int, limit: int) -> list[MotoRecord]:
        with self._lock:
            self._fetch(table)
            return [each for each in self._read[table] if each.sequence > after][:limit]

    def trim(self, table: str, upto: int) -> None:
        """Nothing: moto has no checkpoint to move."""

    def wait_for_records(self, table: str, after: int, until: float) -> None:
        while not self.records(table, after, 1) and time.monotonic() < until:
            time.sleep(_STEP)

    def _fetch(self, table: str) -> None:
        read = self._read.setdefault(table, [])
        answer = self._streams.get_records(ShardIterator=self._iterator(table))
        self._iterators[table] = answer["NextShardIterator"]
        for record in answer["Records"]:
            document = json.loads(json.dumps(record, default=_text))
            document["dynamodb"]["SequenceNumber"] = str(len(read) + 1)
            read.append(MotoRecord(len(read) + 1, document))

    def _iterator(self, table: str) -> str:
        if table not in self._iterators:
            arn = self._client.describe_table(TableName=table)["Table"]["LatestStreamArn"]
            described = self._streams.describe_stream(StreamArn=arn)["StreamDescription"]
            shard = described["Shards"][0]["ShardId"]
            self._iterators[table] = self._streams.get_shard_iterator(
                StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON"
            )["ShardIterator"]
        return self._iterators[table]


def _text(value: object) -> str:
    """Bytes are base64 in an event."""
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)
