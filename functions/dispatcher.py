"""Carries the news from the `runs` stream to the state machine.

It knows one rule: a run that is `queued` gets the execution `run_id-leg`. A record that comes
twice, late or out of order starts the same execution with the same input: harmless.
"""

import json
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord

from functions.lambda_function import Event, Handler, for_lambda
from threadkeep.services import Services

_GRACE = 5  # seconds after the deadline at which the state machine gives up on an executor


def build(_function: str, services: Services) -> Handler:
    """The dispatcher."""
    processor = BatchProcessor(
        event_type=EventType.DynamoDBStreams, raise_on_entire_batch_failure=False
    )

    def start(record: DynamoDBRecord) -> None:
        run = record.dynamodb.new_image if record.dynamodb else None
        if run and run["status"] == "queued":
            services.executions.start(f"{run['run_id']}-{run['leg']}", _input(run))

    def handler(event: Event, _context: object) -> Any:
        return process_partial_response(dict(event), start, processor)

    return handler


def _input(run: dict[str, Any]) -> str:
    """The same at each delivery. Never holds content."""
    project_id, _, thread_id = run["thread"].partition("/")
    reference = {
        "project_id": project_id,
        "thread_id": thread_id,
        "run_id": run["run_id"],
        "leg": int(run["leg"]),
    }
    left = int(run["expires_at"]) - int(run["queued_at"])
    return json.dumps({"run": reference, "timeout": max(1, left + _GRACE)})


handler = for_lambda(build)
