"""DynamoDB in this process, over one SQLite file: what Threadkeep uses of it, and nothing else.

It refuses what DynamoDB refuses, and by name what it does not carry. Any number of threads may
call it; what it has acknowledged survives a kill.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from infra.local.aws.aws_error import Unsupported
from infra.local.aws.dynamodb.checkpoints import Checkpoints
from infra.local.aws.dynamodb.expressions import check_parameters
from infra.local.aws.dynamodb.reads import Reads
from infra.local.aws.dynamodb.storage import Away, Storage, define, remove_expired
from infra.local.aws.dynamodb.streams import StoredRecord, read
from infra.local.aws.dynamodb.values import AttributeMap
from infra.local.aws.dynamodb.writes import Writes
from threadkeep.domain.clock import Clock
from threadkeep.store.tables import Table

__all__ = ["DynamoDB", "StoredRecord"]


class DynamoDB:
    """The tables, and the streams of those that have one."""

    def __init__(
        self,
        path: Path,
        clock: Clock,
        tables: Sequence[Table],
        *,
        durable: bool = False,
        away: Away = nullcontext,
    ) -> None:
        self._storage = Storage(path, durable=durable, away=away)
        try:
            with self._storage.writing() as connection:
                for table in tables:
                    define(connection, table)
        except ValueError:
            self._storage.close()
            raise
        self._expiring = [table for table in tables if table.expires]
        by_name = {table.name: table for table in tables}
        reads, writes = Reads(self._storage, by_name), Writes(self._storage, by_name, clock)
        self._stream_written = writes.stream_written
        self._clock = clock
        self._operations: Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "GetItem": reads.get_item,
            "BatchGetItem": reads.batch_get_item,
            "Query": reads.query,
            "DescribeTable": reads.describe_table,
            "PutItem": partial(writes.single, "Put"),
            "UpdateItem": partial(writes.single, "Update"),
            "DeleteItem": partial(writes.single, "Delete"),
            "BatchWriteItem": writes.batch,
            "TransactWriteItems": writes.transaction,
        }

    def call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """One operation of the JSON protocol. What is refused is raised as an AwsError."""
        if operation not in self._operations:
            raise Unsupported(f"the operation {operation}")
        check_parameters(request)
        return self._operations[operation](request)

    def records(self, table: str, after: int, limit: int) -> list[StoredRecord]:
        """The next stream records of the table, at most `limit`, beyond the sequence `after`."""
        with self._storage.reading() as connection:
            return read(connection, table, after, limit)

    def trim(self, table: str, upto: int) -> None:
        """Forget records that have been dealt with."""
        with self._storage.writing() as connection:
            connection.execute(
                "DELETE FROM records WHERE name = ? AND sequence <= ?", (table, upto)
            )

    def wait_for_records(self, table: str, after: int, until: float) -> None:
        """Return when there may be records beyond `after`, or at `until` (monotonic).

        A writer notifies after its commit, so a commit that this look misses wakes the wait.
        """
        with self._stream_written[table]:
            if not self.records(table, after, 1):
                self._clock.wait(self._stream_written[table], until)

    def checkpoints(self, table: str, function: str) -> Checkpoints:
        """How far the function has come in the table's stream."""
        return Checkpoints(self._storage, table, function)

    def scan(self, table: str) -> Iterator[AttributeMap]:
        """All items of a table: for a start, not for requests."""
        with self._storage.reading() as connection:
            rows = connection.execute("SELECT item FROM items WHERE name = ?", (table,))
            yield from (json.loads(text) for (text,) in rows)

    def clear(self, table: str) -> None:
        """Remove all items of a table that has no stream."""
        with self._storage.writing() as connection:
            connection.execute("DELETE FROM items WHERE name = ?", (table,))

    def sweep(self) -> None:
        """Remove the items whose TTL has passed. A table that has one has no stream."""
        with self._storage.writing() as connection:
            for table in self._expiring:
                remove_expired(connection, table, self._clock.now())

    def close(self) -> None:
        self._storage.close()
