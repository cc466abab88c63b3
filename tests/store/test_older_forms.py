"""What a version before 0.2 has stored is read by this one."""

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.objects import IDS, NOW, PROJECT, run, thread
from threadkeep.domain.ids import IdSource
from threadkeep.domain.references import RunRef
from threadkeep.domain.tool_calls import ToolCall
from threadkeep.store.actions import Put
from threadkeep.store.database import Database
from threadkeep.store.event_rows import kind_of
from threadkeep.store.items import Item
from threadkeep.store.store import Store
from threadkeep.store.tables import RUN_STEPS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

FUNCTION = {"name": "f", "arguments": "{}", "output": "7"}
CALLS = [{"id": "call_1", "type": "function", "function": FUNCTION}]


@pytest.mark.parametrize(
    ("details", "message_id", "calls"),
    [
        (
            {"type": "message_creation", "message_creation": {"message_id": "msg_1"}},
            "msg_1",
            (),
        ),
        (
            {"type": "tool_calls", "tool_calls": CALLS},
            None,
            (ToolCall("call_1", "f", "{}", "7"),),
        ),
    ],
)
def test_a_step_that_holds_what_the_api_shows(
    client: "DynamoDBClient", details: Any, message_id: str | None, calls: tuple[ToolCall, ...]
) -> None:
    """Its `step_details` are the id of its message, or its calls."""
    ref = RunRef(PROJECT, thread().id, IDS.new("run", NOW))
    of = run(ref.thread_id)
    item = {
        "run": ref.path,
        "step_id": "step_1",
        "run_id": ref.run_id,
        "thread_id": ref.thread_id,
        "assistant_id": of.assistant_id,
        "created_at": NOW,
        "type": details["type"],
        "step_details": json.dumps(details),
        "status": "completed",
    }
    database = Database(client)
    database.put(Put(RUN_STEPS, item))
    step = Store(database, IdSource()).run_steps.read(ref, "step_1")
    assert step is not None
    assert (step.message_id, tuple(step.calls)) == (message_id, calls)


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ({"attempt": -1, "event": ""}, "sealed"),
        ({"attempt": 2, "event": ""}, "takeover"),
        ({"attempt": 2, "event": "thread.message.delta"}, "delta"),
        ({"attempt": 2, "event": "thread.run.step.delta"}, "delta"),
        ({"attempt": 2, "event": "thread.run.queued"}, "event"),
    ],
)
def test_a_row_that_does_not_say_its_kind(row: Item, kind: str) -> None:
    """The kind follows from the name of its event and from its attempt."""
    assert kind_of(row) == kind
