"""TransactWriteItems: on moto, repaired, and on the emulator."""

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from infra.local.aws.aws_error import AwsError
from infra.local.aws.dynamodb import DynamoDB
from tests.aws.items import Attributes, code, item, refusal, run, values
from tests.fake_clock import FakeClock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


def put(item: Attributes, **options: Any) -> dict[str, Any]:
    return {"Put": {"TableName": "runs", "Item": item, **options}}


def add(run_id: str, n: int) -> dict[str, Any]:
    return {
        "Update": {
            "TableName": "runs",
            "Key": run(run_id),
            "UpdateExpression": "ADD n :n",
            "ExpressionAttributeValues": values(n=n),
        }
    }


def check(run_id: str, condition: str, **options: Any) -> dict[str, Any]:
    request = {"TableName": "runs", "Key": run(run_id), "ConditionExpression": condition}
    return {"ConditionCheck": request | options}


def runs(client: "DynamoDBClient") -> list[Attributes]:
    answer: Any = client.query(
        TableName="runs",
        KeyConditionExpression="thread = :t",
        ExpressionAttributeValues=values(t="t"),
    )
    found: list[Attributes] = answer["Items"]
    return found


def test_all_kinds_of_actions_happen_together(client: "DynamoDBClient") -> None:
    """Put, Update, Delete and ConditionCheck, in several tables, are done as one."""
    for run_id in ("checked", "deleted", "updated"):
        client.put_item(TableName="runs", Item=run(run_id, n=1))
    key = item(key_hash="h")
    actions: Any = [
        check("checked", "n = :n", ExpressionAttributeValues=values(n=1)),
        put(run("made"), ConditionExpression="attribute_not_exists(run_id)"),
        add("updated", 2),
        {"Delete": {"TableName": "runs", "Key": run("deleted")}},
        {"Put": {"TableName": "api_keys", "Item": key}},
    ]
    client.transact_write_items(TransactItems=actions)
    assert runs(client) == [run("checked", n=1), run("made"), run("updated", n=3)]
    assert client.get_item(TableName="api_keys", Key=key)["Item"] == key


def test_one_failed_condition_undoes_all(client: "DynamoDBClient") -> None:
    """The reasons stand in the order of the actions, with the item for who asked to see it."""
    client.put_item(TableName="runs", Item=run("a", n=1))
    client.put_item(TableName="runs", Item=run("b", n=1))
    shown = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    actions: Any = [
        put(run("new")),
        add("a", 1),
        check("b", "n = :n", ExpressionAttributeValues=values(n=2), **shown),
        check("b2", "attribute_exists(run_id)", **shown),
        {
            "Delete": {
                "TableName": "runs",
                "Key": run("c"),
                "ConditionExpression": "attribute_exists(n)",
            }
        },
    ]
    answer = refusal(lambda: client.transact_write_items(TransactItems=actions))
    reasons = answer["CancellationReasons"]
    assert answer["Error"]["Code"] == "TransactionCanceledException"
    failed = "ConditionalCheckFailed"
    assert [reason["Code"] for reason in reasons] == ["None", "None", failed, failed, failed]
    assert reasons[2]["Message"] == "The conditional request failed"
    assert [reason.get("Item") for reason in reasons[2:]] == [run("b", n=1), None, None]
    assert runs(client) == [run("a", n=1), run("b", n=1)]


def test_conditions_are_judged_on_what_was_there_before(client: "DynamoDBClient") -> None:
    """An action does not see what another action of its transaction writes."""
    actions: Any = [put(run("a")), check("b", "attribute_not_exists(run_id)"), add("c", 1)]
    client.transact_write_items(TransactItems=actions)
    actions[0] = put(run("b"))
    again = refusal(lambda: client.transact_write_items(TransactItems=actions))
    assert again["Error"]["Code"] == "ValidationException"
    assert runs(client) == [run("a"), run("c", n=1)]


def test_a_token_makes_a_resend_the_same_write(client: "DynamoDBClient") -> None:
    """A transaction that succeeded is not done again with its token, though its condition fails."""
    once: Any = {
        "TransactItems": [
            add("a", 1),
            put(run("b"), ConditionExpression="attribute_not_exists(run_id)"),
        ],
        "ClientRequestToken": str(uuid.uuid4()),
    }
    client.transact_write_items(**once)
    client.transact_write_items(**once)
    assert runs(client) == [run("a", n=1), run("b")]
    other = {**once, "TransactItems": [add("a", 2)]}
    mismatch = code(lambda: client.transact_write_items(**other))
    assert mismatch == "IdempotentParameterMismatchException"
    assert runs(client) == [run("a", n=1), run("b")]


def test_a_token_of_a_failed_transaction_is_free(client: "DynamoDBClient") -> None:
    """What failed can be tried again with the same token, and can then succeed."""
    once: Any = {
        "TransactItems": [add("a", 1), check("b", "attribute_exists(run_id)")],
        "ClientRequestToken": str(uuid.uuid4()),
    }
    assert code(lambda: client.transact_write_items(**once)) == "TransactionCanceledException"
    client.put_item(TableName="runs", Item=run("b"))
    client.transact_write_items(**once)
    assert runs(client) == [run("a", n=1), run("b")]


def test_a_token_counts_for_ten_minutes(emulator: DynamoDB, clock: FakeClock) -> None:
    """After that it is forgotten, and the write is done again."""
    once = {"TransactItems": [add("a", 1)], "ClientRequestToken": "token"}
    for seconds, expected in ((0, 1), (599.5, 1), (0.5, 2), (599.5, 2)):
        clock.advance(seconds)
        emulator.call("TransactWriteItems", once)
        found = emulator.call("GetItem", {"TableName": "runs", "Key": run("a")})["Item"]
        assert found == run("a", n=expected)


def test_what_shows_only_on_the_item_cancels(emulator: DynamoDB, clock: FakeClock) -> None:
    """A write that its item makes impossible is a ValidationError among the reasons."""
    emulator.call("PutItem", {"TableName": "runs", "Item": run("a", n="text", big="x" * 300_000)})
    actions = [
        put(run("new")),
        add("a", 1),
        put(run("b") | {"run_id": {"N": "1"}}),
    ]
    for chosen, expected in ((actions[:2], [0, 1]), (actions, [0, 0, 1])):
        with pytest.raises(AwsError) as cancelled:
            emulator.call("TransactWriteItems", {"TransactItems": chosen})
        assert cancelled.value.code == "TransactionCanceledException"
        reasons = ["ValidationError" if wrong else "None" for wrong in expected]
        given = cancelled.value.fields["CancellationReasons"]
        assert [reason["Code"] for reason in given] == reasons
    assert "Item" not in emulator.call("GetItem", {"TableName": "runs", "Key": run("new")})
