"""The ways to DynamoDB: consistent reads, and writes as transactions. Nothing else in the project
calls it.

Every state write is TransactWriteItems, also with one action: botocore resends after a lost
answer, and only a transaction's token makes the resend the same write.
"""

import itertools
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any
from uuid import uuid4

from botocore.exceptions import ClientError

from threadkeep.domain.errors import Overloaded, ThreadkeepError
from threadkeep.store.actions import (
    Action,
    ConditionFailed,
    Delete,
    ItemKey,
    Put,
    Update,
    check_size,
    given,
    request_of,
)
from threadkeep.store.expressions import Condition, Placeholders, Value, exists
from threadkeep.store.items import Item, from_dynamodb, to_dynamodb
from threadkeep.store.tables import Index, Table

# Writers of one item meet: 30 at once on one thread took up to 51 tries in all.
_TRIES = 60
_LONGEST_PAUSE = 0.25
_DOUBLINGS = 6
_BATCH = 25  # items that one BatchWriteItem takes
MOST_KEYS = 100  # items that one BatchGetItem gives
# An earlier try of the same transaction, whose answer was lost: only by its token is it the same.
_UNDER_WAY = "TransactionInProgressException"
_BUSY = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}


class Database:
    """A botocore client, and the prefix that the stack gives its tables."""

    def __init__(
        self, client: Any, prefix: str = "", sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._client = client
        self._prefix = prefix
        self._sleep = sleep

    def get(self, table: Table, key: ItemKey) -> Item | None:
        """The item as it is now."""
        answer = self._client.get_item(
            TableName=self._prefix + table.name, Key=to_dynamodb(key), ConsistentRead=True
        )
        return from_dynamodb(answer["Item"]) if "Item" in answer else None

    def get_many(
        self, *wanted: tuple[Table, ItemKey], only: Sequence[str] = ()
    ) -> list[Item | None]:
        """At most `MOST_KEYS` items in one round trip, in the order asked for.

        `only` names the attributes wanted besides the key, if not all. Raises Overloaded if some
        are never given.
        """
        requests: dict[str, Any] = {}
        tables = {self._prefix + table.name: table for table, _ in wanted}
        for table, key in wanted:
            request = requests.setdefault(self._prefix + table.name, _read_of(table, only))
            request["Keys"].append(to_dynamodb(key))
        found: dict[tuple[Value, ...], Item] = {}
        for attempt in range(_TRIES + 1):
            if not requests:
                return [found.get(_position(table, key)) for table, key in wanted]
            if attempt:
                self._pause(attempt)
            answer = self._client.batch_get_item(RequestItems=requests)
            for name, items in answer["Responses"].items():
                for item in map(from_dynamodb, items):
                    found[_position(tables[name], item)] = item
            requests = answer["UnprocessedKeys"]
        raise Overloaded

    def query(
        self,
        table: Table,
        condition: Condition,
        *,
        limit: int,
        forward: bool = True,
        index: Index | None = None,
        only: Sequence[str] = (),
    ) -> Iterator[Item]:
        """The items under a key condition, in key order, read page by page as they are asked for.

        `limit` bounds what one page reads, not what the iterator gives; `only` names the
        attributes wanted, if not all.
        """
        to = Placeholders()
        wanted = ", ".join(map(to.name, only))
        request: dict[str, Any] = {
            "TableName": self._prefix + table.name,
            "KeyConditionExpression": condition(to),
            "ScanIndexForward": forward,
            "Limit": limit,
            **({"ProjectionExpression": wanted} if wanted else {}),
            **given(to),
            **({"IndexName": index.name} if index else {"ConsistentRead": True}),
        }
        while True:
            answer = self._client.query(**request)
            yield from map(from_dynamodb, answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def write(self, *actions: Action) -> None:
        """Do all of it or nothing.

        Raises ConditionFailed, or Overloaded when other writers of the same items never let it
        through, or InvalidRequest for more than a transaction takes.
        """
        check_size(actions)
        request = [request_of(action, self._prefix) for action in actions]
        token = uuid4().hex
        for attempt in range(_TRIES):
            try:
                self._client.transact_write_items(TransactItems=request, ClientRequestToken=token)
            except ClientError as error:
                _raise_unless_busy(error)
                if error.response["Error"]["Code"] != _UNDER_WAY:
                    token = uuid4().hex
                self._pause(attempt)
            else:
                return
        raise Overloaded

    def put(self, action: Put) -> None:
        """Write one item, outside a transaction; raises ConditionFailed.

        Its condition must let the same write pass again: it is resent after a lost answer.
        """
        body = request_of(action, self._prefix)["Put"]
        try:
            self._client.put_item(**body)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            raise ConditionFailed({0: None}) from None

    def change(self, missing: ThreadkeepError, action: Update | Delete) -> None:
        """Change or remove an item that has to be there; raises `missing` if it is not."""
        if isinstance(action, Update) and not action.changes:
            return
        if isinstance(action, Delete):
            there = exists(action.table.partition_key.name)
            action = replace(action, condition=there)
        try:
            self.write(action)
        except ConditionFailed:
            raise missing from None

    def delete_all(self, table: Table, keys: Iterable[ItemKey]) -> None:
        """Remove items, however many. Not atomic: for what nobody can see any more."""
        self._batch(table, ({"DeleteRequest": {"Key": to_dynamodb(key)}} for key in keys))

    def put_all(self, table: Table, items: Iterable[Item]) -> None:
        """Write items over what is there, however many. Not atomic either."""
        self._batch(table, ({"PutRequest": {"Item": to_dynamodb(item)}} for item in items))

    def _batch(self, table: Table, requests: Iterable[Mapping[str, Any]]) -> None:
        left = iter(requests)
        while chunk := list(islice(left, _BATCH)):
            pending = {self._prefix + table.name: chunk}
            for attempt in itertools.count():
                pending = self._client.batch_write_item(RequestItems=pending)["UnprocessedItems"]
                if not pending:
                    break
                self._pause(attempt)

    def _pause(self, attempt: int) -> None:
        longest = min(_LONGEST_PAUSE, 0.005 * 2 ** min(attempt, _DOUBLINGS))
        self._sleep(random.uniform(0, longest))


def _read_of(table: Table, only: Sequence[str]) -> dict[str, Any]:
    """What a BatchGetItem says of a table, without keys."""
    to = Placeholders()
    wanted = ", ".join(to.name(name) for name in (*table.key_names, *only)) if only else ""
    shown = {"ProjectionExpression": wanted} if wanted else {}
    return {"Keys": [], "ConsistentRead": True, **shown, **given(to)}


def _position(table: Table, item: Item) -> tuple[Value, ...]:
    """Where an item lies."""
    return (table.name, *(item[name] for name in table.key_names))


def _raise_unless_busy(error: ClientError) -> None:
    """Return for what a later try can win: the transaction met another one, or is under way."""
    response: Any = error.response
    if response["Error"]["Code"] == _UNDER_WAY:
        return
    if response["Error"]["Code"] != "TransactionCanceledException":
        raise error
    reasons: Sequence[Mapping[str, Any]] = response["CancellationReasons"]
    if any(reason["Code"] in _BUSY for reason in reasons):
        return
    failed = [n for n, reason in enumerate(reasons) if reason["Code"] == "ConditionalCheckFailed"]
    if not failed:
        raise error
    raise ConditionFailed(
        {n: from_dynamodb(reasons[n]["Item"]) if reasons[n].get("Item") else None for n in failed}
    ) from None
