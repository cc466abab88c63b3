"""A transaction is made once, however often it is sent."""

from typing import Any

from botocore.exceptions import ClientError

from threadkeep.store.actions import ConditionCheck
from threadkeep.store.database import Database
from threadkeep.store.expressions import exists
from threadkeep.store.tables import THREADS

UNDER_WAY = {"Error": {"Code": "TransactionInProgressException", "Message": ""}}
CONFLICT = {
    "Error": {"Code": "TransactionCanceledException", "Message": ""},
    "CancellationReasons": [{"Code": "TransactionConflict"}],
}


class Client:
    """Answers transactions with these errors, then with success; keeps their tokens."""

    def __init__(self, *errors: dict[str, Any]) -> None:
        self.tokens: list[str] = []
        self._errors = list(errors)

    def transact_write_items(self, **request: Any) -> dict[str, Any]:
        self.tokens.append(request["ClientRequestToken"])
        if self._errors:
            error: Any = self._errors.pop(0)
            raise ClientError(error, "TransactWriteItems")
        return {}


def tokens(*errors: dict[str, Any]) -> list[str]:
    """Under which tokens a write is sent that meets these errors."""
    client = Client(*errors)
    action = ConditionCheck(THREADS, {"thread": "acme/thread_1"}, exists("thread"))
    Database(client, sleep=lambda _: None).write(action)
    return client.tokens


def test_one_that_is_under_way_keeps_its_token() -> None:
    """Its answer was lost, so it may have been made: under another token it would be made twice."""
    first, second = tokens(UNDER_WAY)
    assert first == second


def test_one_that_was_refused_takes_a_new_token() -> None:
    """It was not made, and what DynamoDB keeps of it must not answer for the next try."""
    assert len(set(tokens(CONFLICT, CONFLICT))) == 3
