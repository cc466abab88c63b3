"""PutItem, UpdateItem, DeleteItem, BatchWriteItem and TransactWriteItems.

Invariant: one writer at a time reads its items, judges its conditions and writes them, with their
stream records, in one transaction. Of two racing writers the later sees what the earlier wrote;
what is refused leaves nothing behind.
"""

import hashlib
import json
import sqlite3
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from infra.local.aws.aws_error import AwsError, Unsupported
from infra.local.aws.dynamodb import keys, storage, streams
from infra.local.aws.dynamodb.conditions import Predicate, condition
from infra.local.aws.dynamodb.expressions import GivenPlaceholders
from infra.local.aws.dynamodb.updates import update
from infra.local.aws.dynamodb.values import AttributeMap, Invalid, canonical_item, item_size
from threadkeep.domain.clock import Clock
from threadkeep.store.tables import Table

_TOKEN_LIFETIME = 600
_LARGEST_TRANSACTION = 4 * 1024 * 1024

WriteRequest = Mapping[str, Any]
T = TypeVar("T")
R = TypeVar("R")


class ConditionNotMet(AwsError):
    def __init__(self, item: AttributeMap | None) -> None:
        fields: dict[str, Any] = {"Item": item} if item else {}
        code = "ConditionalCheckFailedException"
        super().__init__(code, "The conditional request failed", **fields)


@dataclass(frozen=True)
class Write:
    """`change` makes the new item, or none, of the stored one, or none."""

    table: Table
    position: keys.Position
    change: Callable[[AttributeMap | None], AttributeMap | None]
    condition: Predicate
    shows_old: bool


class Writes:
    """`stream_written`: a condition for each table with a stream, notified after commits to it."""

    def __init__(
        self, database: storage.Storage, tables: Mapping[str, Table], clock: Clock
    ) -> None:
        self._database = database
        self._tables = tables
        self._clock = clock
        streamed = [table.name for table in tables.values() if table.stream]
        self.stream_written = {name: threading.Condition() for name in streamed}

    def single(self, kind: str, request: WriteRequest) -> dict[str, Any]:
        shown = request.get("ReturnValues", "NONE")
        if shown not in ("NONE", "ALL_OLD") and (kind, shown) != ("Update", "ALL_NEW"):
            raise Unsupported(f"ReturnValues {shown} of {kind}Item")
        write = self._plan(kind, request)
        with self._database.writing() as connection:
            old, new = self._execute(connection, write)
        self._wake([write])
        attributes = {"ALL_OLD": old, "ALL_NEW": new}.get(shown)
        return {"Attributes": attributes} if attributes else {}

    def batch(self, request: WriteRequest) -> dict[str, Any]:
        writes = [
            self._plan(kind.removesuffix("Request"), {"TableName": table, **action})
            for table, wanted in request["RequestItems"].items()
            for one in wanted
            for kind, action in one.items()
        ]
        _check_actions(writes, 25)
        with self._database.writing() as connection:
            for write in writes:
                self._execute(connection, write)
        self._wake(writes)
        return {"UnprocessedItems": {}}

    def transaction(self, request: WriteRequest) -> dict[str, Any]:
        actions = [next(iter(action.items())) for action in request["TransactItems"]]
        writes = _all(lambda action: self._plan(*action), actions, keys.Mismatch)
        _check_actions(writes, 100)
        with self._database.writing() as connection:
            if self._is_repeated(connection, request):
                return {}
            changes = _all(
                lambda write: self._execute(connection, write), writes, (Invalid, ConditionNotMet)
            )
            if sum(item_size(new or old or {}) for old, new in changes) > _LARGEST_TRANSACTION:
                raise Invalid("The items of the transaction exceed the size limit of 4 MB")
        self._wake(writes)
        return {}

    def _plan(self, kind: str, request: WriteRequest) -> Write:
        """A Put, Update, Delete or ConditionCheck, refused for all that shows without the item."""
        table = keys.find(self._tables, request["TableName"])
        placeholders = GivenPlaceholders(request)
        if kind == "Put":
            item = canonical_item(request["Item"])
            position = keys.of_item(table, item)
            keys.in_index(table.index, item)
        else:
            item, position = keys.of_key(table, request["Key"])
        updated = update(request.get("UpdateExpression"), placeholders, item)
        changes: dict[str, Callable[[AttributeMap | None], AttributeMap | None]] = {
            "Put": lambda _: item,
            "Update": lambda old: updated(old or item),
            "Delete": lambda _: None,
            "ConditionCheck": lambda old: old,
        }
        wanted = condition(request.get("ConditionExpression"), placeholders)
        placeholders.check_all_used()
        shows_old = request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
        return Write(table, position, changes[kind], wanted, shows_old)

    def _execute(
        self, connection: sqlite3.Connection, write: Write
    ) -> tuple[AttributeMap | None, AttributeMap | None]:
        """The item before and after. A write that changes nothing leaves no stream record."""
        old = storage.load(connection, write.table, write.position)
        if not write.condition(old or {}):
            raise ConditionNotMet(old if write.shows_old else None)
        new = write.change(old)
        if new != old:
            storage.store(connection, write.table, write.position, new)
            if write.table.stream:
                streams.append(connection, write.table, old, new, self._clock.now())
        return old, new

    def _wake(self, writes: Iterable[Write]) -> None:
        for name in {write.table.name for write in writes} & self.stream_written.keys():
            with self.stream_written[name]:
                self.stream_written[name].notify_all()

    def _is_repeated(self, connection: sqlite3.Connection, request: WriteRequest) -> bool:
        """For ten minutes the token of a transaction that succeeded stands for it."""
        token = request.get("ClientRequestToken")
        if token is None:
            return False
        text = json.dumps(request["TransactItems"], sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()
        now = self._clock.now()
        connection.execute("DELETE FROM tokens WHERE expires <= ?", (now,))
        row = connection.execute("SELECT request FROM tokens WHERE token = ?", (token,)).fetchone()
        if row is None:
            values = (token, digest, now + _TOKEN_LIFETIME)
            connection.execute("INSERT INTO tokens VALUES (?, ?, ?)", values)
        elif row[0] != digest:
            code = "IdempotentParameterMismatchException"
            raise AwsError(code, "The token was used with other parameters in the last ten minutes")
        return row is not None


def _all(
    work: Callable[[T], R],
    things: Iterable[T],
    reasons_to_cancel: type[AwsError] | tuple[type[AwsError], ...],
) -> list[R]:
    """All results, or the cancellation with a reason for each thing, in order."""
    results: list[R] = []
    reasons: list[dict[str, Any]] = []
    for thing in things:
        try:
            results.append(work(thing))
            reasons.append({"Code": "None"})
        except reasons_to_cancel as error:
            failed = isinstance(error, ConditionNotMet)
            code = "ConditionalCheckFailed" if failed else "ValidationError"
            reasons.append({"Code": code, "Message": error.message, **error.fields})
    if len(results) == len(reasons):
        return results
    codes = ", ".join(reason["Code"] for reason in reasons)
    message = (
        f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
    )
    raise AwsError("TransactionCanceledException", message, CancellationReasons=reasons)


def _check_actions(writes: list[Write], most: int) -> None:
    if not 1 <= len(writes) <= most:
        raise Invalid(f"Member must have length less than or equal to {most} and at least 1")
    if len({(write.table.name, write.position) for write in writes}) < len(writes):
        raise Invalid("A request cannot include multiple operations on one item")
