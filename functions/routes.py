"""THE route table. It drives API Gateway, the local server, the grants and the endpoint table in
the docs. All of it is behind every door of `functions.doors`.

A handler is a dotted name (the table imports nothing) of a module with `handle(request, services)
-> object`.
"""

from dataclasses import dataclass
from typing import Literal

from functions.grants import Grants, together


@dataclass(frozen=True)
class Route:
    """An endpoint: where it is, what answers it, in which Lambda function, and what it may touch.

    `round_trips` is how often it waits for DynamoDB on the good path, the authorizer apart.
    `streaming`: it may answer in chunks. A function's routes are all so, or none is.
    """

    method: Literal["GET", "POST", "DELETE"]
    path: str
    handler: str
    function: str
    grants: Grants
    round_trips: int = 1
    streaming: bool = False


_NO_GRANTS: Grants = {}
_READ_MESSAGE: Grants = {
    "threads": ("BatchGetItem",),
    "messages": ("BatchGetItem", "GetItem"),
    "contents": ("Query",),
    "runs": ("BatchGetItem",),
}
_READ_RUN: Grants = {
    "threads": ("BatchGetItem",),
    "run_steps": ("GetItem",),
    "contents": ("Query",),
    "runs": ("BatchGetItem",),
}
_PUT_RUN: Grants = {
    "messages": ("PutItem",),
    "contents": ("PutItem",),
    "runs": ("PutItem",),
    "run_events": ("PutItem",),
}
_TAIL: Grants = {  # what following a run's events reads
    "messages": ("GetItem",),
    "contents": ("Query",),
    "runs": ("GetItem",),
    "run_steps": ("GetItem",),
    "run_events": ("Query",),
}

ROUTES = (
    Route(
        "POST",
        "/assistants",
        "functions.assistants.create",
        "assistants",
        {"assistants": ("PutItem",)},
    ),
    Route(
        "GET", "/assistants", "functions.assistants.list", "assistants", {"assistants": ("Query",)}
    ),
    Route(
        "GET",
        "/assistants/{assistant_id}",
        "functions.assistants.retrieve",
        "assistants",
        {"assistants": ("GetItem",)},
    ),
    Route(
        "POST",
        "/assistants/{assistant_id}",
        "functions.assistants.modify",
        "assistants",
        {"assistants": ("GetItem", "UpdateItem")},
        round_trips=2,
    ),
    Route(
        "DELETE",
        "/assistants/{assistant_id}",
        "functions.assistants.delete",
        "assistants",
        {"assistants": ("DeleteItem",)},
    ),
    Route(
        "POST",
        "/threads",
        "functions.threads.create",
        "threads",
        {"threads": ("PutItem",), "messages": ("PutItem",), "contents": ("PutItem",)},
    ),
    Route(
        "GET",
        "/threads",
        "functions.threads.list",
        "threads",
        {"threads/by_project": ("Query",), "threads": ("BatchGetItem",)},
        round_trips=2,
    ),
    Route(
        "GET",
        "/threads/{thread_id}",
        "functions.threads.retrieve",
        "threads",
        {"threads": ("GetItem",)},
    ),
    Route(
        "POST",
        "/threads/{thread_id}",
        "functions.threads.modify",
        "threads",
        {"threads": ("GetItem", "UpdateItem")},
        round_trips=2,
    ),
    Route(
        "DELETE",
        "/threads/{thread_id}",
        "functions.threads.delete",
        "threads",
        {"threads": ("DeleteItem",)},
    ),
    Route(
        "POST",
        "/threads/{thread_id}/messages",
        "functions.messages.create",
        "threads",
        {"threads": ("UpdateItem",), "messages": ("PutItem",), "contents": ("PutItem",)},
    ),
    Route(
        "GET",
        "/threads/{thread_id}/messages",
        "functions.messages.list",
        "threads",
        {
            "threads": ("GetItem",),
            "messages": ("GetItem", "Query"),
            "contents": ("Query",),
            "runs": ("BatchGetItem",),
        },
    ),
    Route(
        "GET",
        "/threads/{thread_id}/messages/{message_id}",
        "functions.messages.retrieve",
        "threads",
        _READ_MESSAGE,
    ),
    Route(
        "POST",
        "/threads/{thread_id}/messages/{message_id}",
        "functions.messages.modify",
        "threads",
        together(_READ_MESSAGE, {"messages": ("UpdateItem",)}),
        round_trips=2,
    ),
    Route(
        "DELETE",
        "/threads/{thread_id}/messages/{message_id}",
        "functions.messages.delete",
        "threads",
        {
            "threads": ("BatchGetItem", "ConditionCheckItem", "UpdateItem"),
            "messages": ("BatchGetItem", "DeleteItem"),
            "contents": ("DeleteItem",),
        },
        round_trips=2,
    ),
    Route(
        "POST",
        "/threads/{thread_id}/runs",
        "functions.runs.create",
        "run_streams",
        together(
            _PUT_RUN,
            _TAIL,
            {"assistants": ("BatchGetItem",), "threads": ("BatchGetItem", "UpdateItem")},
        ),
        round_trips=2,
        streaming=True,
    ),
    Route(
        "POST",
        "/threads/runs",
        "functions.threads.create_and_run",
        "run_streams",
        together(_PUT_RUN, _TAIL, {"assistants": ("GetItem",), "threads": ("PutItem",)}),
        round_trips=2,
        streaming=True,
    ),
    Route(
        "GET",
        "/threads/{thread_id}/runs",
        "functions.runs.list",
        "runs",
        {
            "threads": ("GetItem",),
            "run_steps": ("GetItem",),
            "contents": ("Query",),
            "runs": ("Query",),
        },
    ),
    Route(
        "GET",
        "/threads/{thread_id}/runs/{run_id}",
        "functions.runs.retrieve",
        "runs",
        _READ_RUN,
    ),
    Route(
        "POST",
        "/threads/{thread_id}/runs/{run_id}",
        "functions.runs.modify",
        "runs",
        together(_READ_RUN, {"runs": ("UpdateItem",)}),
        round_trips=2,
    ),
    Route(
        "POST",
        "/threads/{thread_id}/runs/{run_id}/cancel",
        "functions.runs.cancel",
        "runs",
        {
            "threads": ("BatchGetItem", "UpdateItem"),
            "messages": ("GetItem", "PutItem", "UpdateItem"),
            "contents": ("PutItem", "Query"),
            "runs": ("BatchGetItem", "UpdateItem"),
            "run_steps": ("GetItem", "PutItem", "UpdateItem"),
            "run_events": ("PutItem", "Query"),
        },
        round_trips=3,
    ),
    Route(
        "GET",
        "/threads/{thread_id}/runs/{run_id}/stream",
        "functions.runs.stream",
        "run_streams",
        together(_TAIL, {"threads": ("BatchGetItem",), "runs": ("BatchGetItem",)}),
        streaming=True,
    ),
    Route(
        "POST",
        "/threads/{thread_id}/runs/{run_id}/submit_tool_outputs",
        "functions.runs.submit_tool_outputs",
        "run_streams",
        together(
            _TAIL,
            {
                "threads": ("BatchGetItem",),
                "contents": ("PutItem",),
                "runs": ("BatchGetItem", "UpdateItem"),
                "run_steps": ("PutItem",),
                "run_events": ("PutItem",),
            },
        ),
        round_trips=3,
        streaming=True,
    ),
    Route(
        "GET",
        "/threads/{thread_id}/runs/{run_id}/steps",
        "functions.run_steps.list",
        "runs",
        {
            "threads": ("BatchGetItem",),
            "contents": ("Query",),
            "runs": ("BatchGetItem",),
            "run_steps": ("GetItem", "Query"),
        },
    ),
    Route(
        "GET",
        "/threads/{thread_id}/runs/{run_id}/steps/{step_id}",
        "functions.run_steps.retrieve",
        "runs",
        {
            "threads": ("BatchGetItem",),
            "contents": ("Query",),
            "runs": ("BatchGetItem",),
            "run_steps": ("BatchGetItem", "GetItem"),
        },
    ),
    Route("GET", "/models", "functions.models.list", "assistants", _NO_GRANTS, round_trips=0),
    Route(
        "GET",
        "/models/{model}",
        "functions.models.retrieve",
        "assistants",
        _NO_GRANTS,
        round_trips=0,
    ),
    Route(
        "DELETE",
        "/models/{model}",
        "functions.models.delete",
        "assistants",
        _NO_GRANTS,
        round_trips=0,
    ),
)
