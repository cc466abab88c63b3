"""What is deployed and is no route: the functions, what they may touch of their own, and what
triggers them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from functions.permissions import START_RUNS, Permissions, on
from threadkeep.domain.run_state import CREATE


@dataclass(frozen=True)
class Function:
    """A Lambda function. `entry` is the handler AWS calls; memory in MB, timeout in seconds.

    `grants` are its own, besides those of the routes that it answers.
    """

    entry: str = "functions.entry.handler"
    memory: int = 256
    timeout: int = 29
    grants: Permissions = ()


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
    "authorizer": Function("functions.authorizer.handler", grants=(on("api_keys", "GetItem"),)),
    "dispatcher": Function("functions.dispatcher.handler", timeout=60, grants=(START_RUNS,)),
    "cleaner": Function(
        "functions.cleaner.handler",
        timeout=900,
        grants=(
            on("contents", "BatchWriteItem", "Query"),
            on("messages", "BatchWriteItem", "Query"),
            on("runs", "BatchWriteItem", "Query", "UpdateItem"),
            on("run_steps", "BatchWriteItem", "Query"),
            on("run_events", "BatchWriteItem", "PutItem", "Query"),
        ),
    ),
    "executor": Function(
        "functions.executor.handler",
        timeout=900,
        grants=(
            on("threads", "UpdateItem"),
            on("messages", "GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query"),
            on("contents", "PutItem", "Query"),
            on("runs", "BatchGetItem", "GetItem", "UpdateItem"),
            on("run_steps", "GetItem", "PutItem", "DeleteItem", "Query"),
            on("run_events", "PutItem", "Query"),
        ),
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
