"""Messages."""

from functions.permissions import Permissions, on, together
from functions.routes.route import Route

_READ_MESSAGE: Permissions = (
    on("threads", "BatchGetItem"),
    on("messages", "BatchGetItem", "GetItem"),
    on("contents", "Query"),
    on("runs", "BatchGetItem"),
)

MESSAGES = (
    Route(
        method="POST",
        path="/threads/{thread_id}/messages",
        handler="functions.messages.create",
        function="threads",
        grants=(
            on("threads", "UpdateItem"),
            on("messages", "PutItem"),
            on("contents", "PutItem"),
        ),
    ),
    Route(
        method="GET",
        path="/threads/{thread_id}/messages",
        handler="functions.messages.list",
        query=("run_id",),
        function="threads",
        grants=(
            on("threads", "GetItem"),
            on("messages", "GetItem", "Query"),
            on("contents", "Query"),
            on("runs", "BatchGetItem"),
        ),
    ),
    Route(
        method="GET",
        path="/threads/{thread_id}/messages/{message_id}",
        handler="functions.messages.retrieve",
        function="threads",
        grants=_READ_MESSAGE,
    ),
    Route(
        method="POST",
        path="/threads/{thread_id}/messages/{message_id}",
        handler="functions.messages.modify",
        function="threads",
        grants=together(_READ_MESSAGE, (on("messages", "UpdateItem"),)),
        round_trips=2,
    ),
    Route(
        method="DELETE",
        path="/threads/{thread_id}/messages/{message_id}",
        handler="functions.messages.delete",
        function="threads",
        grants=(
            on("threads", "BatchGetItem", "ConditionCheckItem", "UpdateItem"),
            on("messages", "BatchGetItem", "DeleteItem"),
            on("contents", "DeleteItem"),
        ),
        round_trips=2,
    ),
)
