"""What a function may do with which table."""

from collections.abc import Mapping
from typing import Literal

Action = Literal[
    "BatchGetItem",
    "BatchWriteItem",
    "ConditionCheckItem",
    "DeleteItem",
    "GetItem",
    "PutItem",
    "Query",
    "UpdateItem",
]
Grants = Mapping[str, tuple[Action, ...]]  # table → DynamoDB actions; an index is `table/index`


def together(*grants: Grants) -> Grants:
    """All of these grants, tables and actions in alphabetical order."""
    merged: dict[str, set[Action]] = {}
    for each in grants:
        for table, actions in each.items():
            merged.setdefault(table, set()).update(actions)
    return {table: tuple(sorted(merged[table])) for table in sorted(merged)}
