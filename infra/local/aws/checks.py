"""What every AWS call must keep to: grants and the design's rules, checked at the wire."""

from collections.abc import Iterator, Mapping
from typing import Any

from functions.deployment import FUNCTIONS
from functions.permissions import Use, uses
from functions.routes import ROUTES
from infra.local.aws.aws_error import AwsError
from infra.local.aws.invocation import Invocation

GRANTED: Mapping[str, frozenset[Use]] = {
    **{route.handler: frozenset(uses(route.grants)) for route in ROUTES},
    **{name: frozenset(uses(function.grants)) for name, function in FUNCTIONS.items()},
}
"""What each route, and each function besides its routes, may do."""

USED: set[tuple[str, Use]] = set()
"""What they have done in this process, at most what is granted: so tests find idle grants."""

_TRANSACTION = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}


def check(
    service: str, operation: str, request: Mapping[str, Any], invocation: Invocation | None
) -> None:
    """Refuse, as IAM and the design would, what the running function may not do."""
    if service == "sfn":
        if invocation:
            _check_grant(("states", "run", operation), invocation)
        return
    for action, table, details in _uses(operation, request):
        if invocation:
            resource = f"{table}/{details['IndexName']}" if "IndexName" in details else table
            _check_grant(("dynamodb", resource, action), invocation)
        if action in {"GetItem", "BatchGetItem", "Query"}:
            _check_read(table, details)
        if action == "UpdateItem" and "attribute_exists(" not in details.get(
            "ConditionExpression", ""
        ):
            raise _refusal(f"UpdateItem on {table} without attribute_exists of its key")


def _uses(
    operation: str, request: Mapping[str, Any]
) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """The DynamoDB actions that a call makes: action, table, and its part of the request."""
    if operation == "BatchGetItem":
        for table, details in request["RequestItems"].items():
            yield operation, table, details
    elif operation == "BatchWriteItem":
        for table in request["RequestItems"]:
            yield operation, table, {}
    elif operation == "TransactWriteItems":
        for item in request["TransactItems"]:
            ((kind, details),) = item.items()
            yield _TRANSACTION[kind], details["TableName"], details
    elif "TableName" in request:
        yield operation, request["TableName"], request


def _check_grant(use: Use, invocation: Invocation) -> None:
    name = invocation.route or invocation.function
    if use not in GRANTED[name]:
        _, resource, action = use
        raise _refusal(f"{name} has no grant for {action} on {resource}")
    USED.add((name, use))


def _check_read(table: str, details: Mapping[str, Any]) -> None:
    if "IndexName" not in details and details.get("ConsistentRead") is not True:
        raise _refusal(f"a read of {table} without ConsistentRead")


def _refusal(what: str) -> AwsError:
    return AwsError("AccessDeniedException", f"Refused by the local transport: {what}")
