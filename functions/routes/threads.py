"""Threads."""

from functions.permissions import on
from functions.routes.route import Route

THREADS = (
    Route(
        method="POST",
        path="/threads",
        handler="functions.threads.create",
        function="threads",
        grants=(
            on("threads", "PutItem"),
            on("messages", "PutItem"),
            on("contents", "PutItem"),
        ),
    ),
    Route(
        method="GET",
        path="/threads",
        handler="functions.threads.list",
        function="threads",
        grants=(
            on("threads/by_project", "Query"),
            on("threads", "BatchGetItem"),
        ),
        round_trips=2,
    ),
    Route(
        method="GET",
        path="/threads/{thread_id}",
        handler="functions.threads.retrieve",
        function="threads",
        grants=(on("threads", "GetItem"),),
    ),
    Route(
        method="POST",
        path="/threads/{thread_id}",
        handler="functions.threads.modify",
        function="threads",
        grants=(on("threads", "GetItem", "UpdateItem"),),
        round_trips=2,
    ),
    Route(
        method="DELETE",
        path="/threads/{thread_id}",
        handler="functions.threads.delete",
        function="threads",
        grants=(on("threads", "DeleteItem"),),
    ),
)
