"""What a function may do with which resource, as IAM says it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

TableAction = Literal[
    "BatchGetItem",
    "BatchWriteItem",
    "ConditionCheckItem",
    "DeleteItem",
    "GetItem",
    "PutItem",
    "Query",
    "UpdateItem",
]
ServiceName = Literal["dynamodb", "states"]


@dataclass(frozen=True)
class Permission:
    """Some actions of a service on one resource: a table, `table/index`, or the state machine."""

    service: ServiceName
    resource: str
    actions: tuple[str, ...]


Permissions: TypeAlias = tuple[Permission, ...]
Use: TypeAlias = tuple[str, str, str]
"""One action: service, resource, action."""


def on(table: str, *actions: TableAction) -> Permission:
    """Actions on a table, or on an index of it: `table/index`."""
    return Permission("dynamodb", table, actions)


START_RUNS = Permission("states", "run", ("StartExecution",))


def together(*permissions: Permissions) -> Permissions:
    """All of these, one for each resource; resources and actions in alphabetical order."""
    merged: dict[tuple[ServiceName, str], set[str]] = {}
    for each in (permission for given in permissions for permission in given):
        merged.setdefault((each.service, each.resource), set()).update(each.actions)
    return tuple(
        Permission(service, resource, tuple(sorted(actions)))
        for (service, resource), actions in sorted(merged.items())
    )


def uses(permissions: Iterable[Permission]) -> Iterator[Use]:
    """Every single action that is permitted."""
    for permission in permissions:
        for action in permission.actions:
            yield permission.service, permission.resource, action
