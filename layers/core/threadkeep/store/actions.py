"""What a transaction does: puts, updates, deletes and checks, and DynamoDB's requests for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from threadkeep.domain.errors import InvalidRequest
from threadkeep.store.expressions import (
    Change,
    Condition,
    Placeholders,
    Value,
    both,
    exists,
    update,
)
from threadkeep.store.items import Item, stored_size, to_attribute, to_dynamodb
from threadkeep.store.tables import Table

ItemKey = Mapping[str, Value]

_LARGEST_ITEM = 400_000  # bytes, with its names and numbers a little below DynamoDB's 409,600
_TOO_LARGE = "The object is too large to be stored: shorten its instructions, tools or metadata."
_MOST_ACTIONS = 100
_LARGEST_TRANSACTION = 3_500_000  # bytes; a transaction may have 4 MB, with what it updates
_TOO_MUCH = (
    "The request is too much to be written at once. Send at most 90 messages and 3.5 MB, and add"
    " the rest with further requests."
)


@dataclass(frozen=True)
class Put:
    """Write an item whole."""

    table: Table
    item: Item
    condition: Condition | None = None


@dataclass(frozen=True)
class Update:
    """Change attributes of an item that is there."""

    table: Table
    key: ItemKey
    changes: Mapping[str, Change]
    condition: Condition | None = None


@dataclass(frozen=True)
class Delete:
    """Remove an item, if it is there."""

    table: Table
    key: ItemKey
    condition: Condition | None = None


@dataclass(frozen=True)
class ConditionCheck:
    """Require something of an item that the transaction does not change."""

    table: Table
    key: ItemKey
    condition: Condition


Action = Put | Update | Delete | ConditionCheck


class ConditionFailed(Exception):
    """A transaction was refused: nothing of it is written.

    `found` has, for each action that failed its condition, the item that was there (None: there
    was none).
    """

    def __init__(self, found: Mapping[int, Item | None]) -> None:
        super().__init__(f"conditions of actions {sorted(found)} failed")
        self.found = found


def request_of(action: Action, prefix: str) -> dict[str, Any]:
    """The action as TransactWriteItems takes it; the stack gives its tables a prefix.

    Every Update requires its item, so nothing deleted is resurrected.
    """
    to = Placeholders()
    body: dict[str, Any] = {"TableName": prefix + action.table.name}
    condition = action.condition
    if isinstance(action, Put):
        body["Item"] = to_dynamodb(action.item)
    else:
        body["Key"] = to_dynamodb(action.key)
    if isinstance(action, Update):
        body["UpdateExpression"] = update(to, action.changes)
        there = exists(action.table.partition_key.name)
        condition = both(there, condition) if condition else there
    if condition:
        body["ConditionExpression"] = condition(to)
        body["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    name = "ConditionCheck" if isinstance(action, ConditionCheck) else type(action).__name__
    return {name: body | given(to)}


def check_size(actions: Sequence[Action]) -> None:
    """InvalidRequest for more than an item or a transaction takes."""
    sizes = [stored_size(action.item) for action in actions if isinstance(action, Put)]
    if max(sizes, default=0) > _LARGEST_ITEM:
        raise InvalidRequest(_TOO_LARGE, code="request_too_large")
    if len(actions) > _MOST_ACTIONS or sum(sizes) > _LARGEST_TRANSACTION:
        raise InvalidRequest(_TOO_MUCH, code="request_too_large")


def given(to: Placeholders) -> dict[str, Any]:
    """The names and values that an expression's placeholders stand for."""
    names = {"ExpressionAttributeNames": to.names} if to.names else {}
    values = {k: to_attribute(v) for k, v in to.values.items()}
    return {**names, **({"ExpressionAttributeValues": values} if values else {})}
