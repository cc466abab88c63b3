"""Runs and their steps."""

from functions.permissions import Permissions, on, together
from functions.routes.route import Route

_READ_RUN: Permissions = (
    on("threads", "BatchGetItem"),
    on("run_steps", "GetItem"),
    on("contents", "Query"),
    on("runs", "BatchGetItem"),
)

_PUT_RUN: Permissions = (
    on("messages", "PutItem"),
    on("contents", "PutItem"),
    on("runs", "PutItem"),
    on("run_events", "PutItem"),
)

_TAIL: Permissions = (  # what following a run's events reads
    on("messages", "GetItem"),
    on("contents", "Query"),
    on("runs", "GetItem"),
    on("run_steps", "GetItem"),
    on("run_events", "Query"),
)

RUNS = (
    Route(
        method="POST",
        path="/threads/{thread_id}/runs",
        handler="functions.runs.create",
        query=("include[]",),
        function="run_streams",
        grants=together(
            _PUT_RUN,
            _TAIL,
            (
                on("assistants", "BatchGetItem"),
                on("threads", "BatchGetItem", "UpdateItem"),
            ),
        ),
        round_trips=2,
        streaming=True,
    ),
    Route(
        method="POST",
        path="/threads/runs",
        handler="functions.threads.create_and_run",
        function="run_streams",
        grants=together(
            _PUT_RUN,
            _TAIL,
            (
                on("assistants", "GetItem"),
                on("threads", "PutItem"),
            ),
        ),
        round_trips=2,
        streaming=True,
    ),
    Route(
        method="GET",
        path="/threads/{thread_id}/runs",
        handler="functions.runs.list",
        function="runs",
        grants=(
            on("threads", "GetItem"),
            on("run_steps", "GetItem"),
            on("contents", "Query"),
            on("runs", "Query"),
        ),
    ),
    Route(
        method="GET",
        path="/threads/{thread_id}/runs/{run_id}",
        handler="functions.runs.retrieve",
        function="runs",
        grants=_READ_RUN,
        polled=True,
    ),
    Route(
        method="POST",
        path="/threads/{thread_id}/runs/{run_id}",
        handler="functions.runs.modify",
        function="runs",
        grants=together(_READ_RUN, (on("runs", "UpdateItem"),)),
        round_trips=2,
    ),
    Route(
        method="POST",
        path="/threads/{thread_id}/runs/{run_id}/cancel",
        handler="functions.runs.cancel",
        function="runs",
        grants=(
            on("threads", "BatchGetItem", "UpdateItem"),
            on("contents", "PutItem", "Query"),
            on("runs", "BatchGetItem", "UpdateItem"),
            on("run_steps", "GetItem", "PutItem"),
            on("run_events", "PutItem", "Query"),
        ),
        round_trips=3,
    ),
    Route(
        method="GET",
        path="/threads/{thread_id}/runs/{run_id}/stream",
        handler="functions.runs.stream",
        headers=("Last-Event-ID",),
        function="run_streams",
        grants=together(
            _TAIL,
            (
                on("threads", "BatchGetItem"),
                on("runs", "BatchGetItem"),
            ),
        ),
        streaming=True,
    ),
    Route(
        method="POST",
        path="/threads/{thread_id}/runs/{run_id}/submit_tool_outputs",
        handler="functions.runs.submit_tool_outputs",
        function="run_streams",
        grants=together(
            _TAIL,
            (
                on("threads", "BatchGetItem"),
                on("contents", "PutItem"),
                on("runs", "BatchGetItem", "UpdateItem"),
                on("run_steps", "PutItem"),
                on("run_events", "PutItem"),
            ),
        ),
        round_trips=3,
        streaming=True,
    ),
    Route(
        method="GET",
        path="/threads/{thread_id}/runs/{run_id}/steps",
        handler="functions.run_steps.list",
        query=("include[]",),
        function="runs",
        grants=(
            on("threads", "BatchGetItem"),
            on("contents", "Query"),
            on("runs", "BatchGetItem"),
            on("run_steps", "GetItem", "Query"),
        ),
    ),
    Route(
        method="GET",
        path="/threads/{thread_id}/runs/{run_id}/steps/{step_id}",
        handler="functions.run_steps.retrieve",
        query=("include[]",),
        function="runs",
        grants=(
            on("threads", "BatchGetItem"),
            on("contents", "Query"),
            on("runs", "BatchGetItem"),
            on("run_steps", "BatchGetItem", "GetItem"),
        ),
    ),
)
