"""Assistants."""

from functions.permissions import on
from functions.routes.route import Route

ASSISTANTS = (
    Route(
        method="POST",
        path="/assistants",
        handler="functions.assistants.create",
        function="assistants",
        grants=(on("assistants", "PutItem"),),
    ),
    Route(
        method="GET",
        path="/assistants",
        handler="functions.assistants.list",
        function="assistants",
        grants=(on("assistants", "Query"),),
    ),
    Route(
        method="GET",
        path="/assistants/{assistant_id}",
        handler="functions.assistants.retrieve",
        function="assistants",
        grants=(on("assistants", "GetItem"),),
    ),
    Route(
        method="POST",
        path="/assistants/{assistant_id}",
        handler="functions.assistants.modify",
        function="assistants",
        grants=(on("assistants", "GetItem", "UpdateItem"),),
        round_trips=2,
    ),
    Route(
        method="DELETE",
        path="/assistants/{assistant_id}",
        handler="functions.assistants.delete",
        function="assistants",
        grants=(on("assistants", "DeleteItem"),),
    ),
)
