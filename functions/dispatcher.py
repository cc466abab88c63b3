"""Carries the news from the `runs` stream to the state machine.

It knows one rule: a run that is `queued` gets the execution `run_id-leg`. A record that comes
twice, late or out of order starts the same execution with the same input: harmless.
"""

import json
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import StreamRecord

from functions.lambda_function import LambdaHandler, for_lambda
from functions.stream_records import each_record
from threadkeep.domain.run_state import CREATE
from threadkeep.services import Services

_GRACE = 5  # seconds after the deadline at which the state machine gives up on an executor


def build(_function: str, services: Services) -> LambdaHandler:
    """The dispatcher."""

    def start(record: StreamRecord) -> None:
        run = record.new_image
        if run and run["status"] == CREATE.target:
            services.executions.start(*execution_of(run))

    return each_record(start)


def execution_of(run: Mapping[str, Any]) -> tuple[str, str]:
    """Name and input of the execution for the leg that a run's item is on.

    The same at each delivery. The input never holds content.
    """
    project_id, _, thread_id = run["thread"].partition("/")
    reference = {
        "project_id": project_id,
        "thread_id": thread_id,
        "run_id": run["run_id"],
        "leg": int(run["leg"]),
    }
    left = int(run["expires_at"]) - int(run["queued_at"])
    input_ = json.dumps({"run": reference, "timeout": max(1, left + _GRACE)})
    return f"{run['run_id']}-{run['leg']}", input_


handler = for_lambda(build)
