"""What is deployed and is no route: the functions, what they may touch of their own, and what
triggers them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from functions.grants import Grants
from threadkeep.domain.run_state import CREATE


@dataclass(frozen=True)
class Function:
    """A Lambda function. `entry` is the handler AWS calls; memory in MB, timeout in seconds.

    `starts_runs` grants StartExecution on the state machine.
    """

    entry: str = "functions.entry.handler"
    memory: int = 256
    timeout: int = 29
    grants: Grants = field(default_factory=dict)
    starts_runs: bool = False


@dataclass(frozen=True)
class Trigger:
    """An event source mapping: the stream of `table` feeds `function`.

    `filters` are event patterns on a stream record; what matches none is never delivered.
    `retries` of a failed batch before its records go to the failure queue; -1 retries for as long
    as the stream keeps them.
    """

    table: str
    function: str
    filters: tuple[Mapping[str, Any], ...]
    batch: int = 100
    retries: int = 10


FUNCTIONS: Mapping[str, Function] = {
    "assistants": Function(),
    "threads": Function(),
    "runs": Function(),
    "run_streams": Function(timeout=900),  # as long as API Gateway lets a stream go on
    "authorizer": Function("functions.authorizer.handler", grants={"api_keys": ("GetItem",)}),
    "dispatcher": Function("functions.dispatcher.handler", timeout=60, starts_runs=True),
    "cleaner": Function(
        "functions.cleaner.handler",
        timeout=900,
        grants={
            "contents": ("BatchWriteItem", "Query"),
            "messages": ("BatchWriteItem", "Query"),
            "runs": ("BatchWriteItem", "Query", "UpdateItem"),
            "run_steps": ("BatchWriteItem", "Query"),
            "run_events": ("BatchWriteItem", "PutItem", "Query"),
        },
    ),
    "executor": Function(
        "functions.executor.handler",
        timeout=900,
        grants={
            "threads": ("UpdateItem",),
            "messages": ("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query"),
            "contents": ("PutItem", "Query"),
            "runs": ("BatchGetItem", "GetItem", "UpdateItem"),
            "run_steps": ("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query"),
            "run_events": ("PutItem", "Query"),
        },
    ),
}

TRIGGERS = (
    Trigger(
        "runs",
        "dispatcher",
        filters=({"dynamodb": {"NewImage": {"status": {"S": [CREATE.target]}}}},),
    ),
    Trigger("threads", "cleaner", filters=({"eventName": ["REMOVE"]},), batch=1, retries=-1),
)
