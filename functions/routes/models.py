"""Models. They have no versions, so no header asks for one."""

from functions.routes.route import Route

MODELS = (
    Route(
        method="GET",
        path="/models",
        handler="functions.models.list",
        function="assistants",
        beta=False,
        round_trips=0,
    ),
    Route(
        method="GET",
        path="/models/{model}",
        handler="functions.models.retrieve",
        function="assistants",
        beta=False,
        round_trips=0,
    ),
    Route(
        method="DELETE",
        path="/models/{model}",
        handler="functions.models.delete",
        function="assistants",
        beta=False,
        round_trips=0,
    ),
)
