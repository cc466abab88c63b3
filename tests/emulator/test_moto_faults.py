"""Known faults of moto 5.2.5: what DynamoDB does, and moto, even repaired, does not.

Each is shown on the emulator and on moto, where it must fail: a mended moto makes itself heard
here, and the differential test may then compare more.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.aws.clients import database_client
from tests.aws.items import Attributes, code, item, refusal, run, values

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

faulty = pytest.mark.xfail(reason="a fault of moto", strict=True)


@pytest.fixture(params=[pytest.param("moto", marks=faulty), "emulator"])
def client(request: pytest.FixtureRequest, tmp_path: Path) -> "Iterator[DynamoDBClient]":
    with database_client(request.param, tmp_path) as client:
        yield client


def holds(client: "DynamoDBClient", before: Attributes, condition: str, **options: Any) -> bool:
    client.put_item(TableName="runs", Item=before)
    request: Any = {"TableName": "runs", "Key": run("a"), "ConditionExpression": condition}
    try:
        client.delete_item(**request, **options)
    except client.exceptions.ConditionalCheckFailedException:
        return False
    return True


def page(client: "DynamoDBClient", **options: Any) -> dict[str, Any]:
    answer: Any = client.query(
        TableName="runs",
        KeyConditionExpression="thread = :t",
        ExpressionAttributeValues=values(t="t"),
        **options,
    )
    return dict(answer)


def test_the_size_of_nothing_fails_its_condition(client: "DynamoDBClient") -> None:
    """moto raises a ValueError."""
    options = {"ExpressionAttributeValues": values(n=0)}
    assert not holds(client, run("a"), "size(z) > :n", **options)


def test_values_of_two_types_have_no_order(client: "DynamoDBClient") -> None:
    """moto raises a TypeError."""
    options = {"ExpressionAttributeValues": values(v="text")}
    assert not holds(client, run("a", n=1), "n < :v", **options)


def test_two_missing_attributes_are_not_equal(client: "DynamoDBClient") -> None:
    """moto takes them for equal."""
    assert not holds(client, run("a"), "x = y")


def test_a_full_page_has_a_last_key_at_the_very_end(client: "DynamoDBClient") -> None:
    """When the limit is reached nobody has looked whether more follows. moto has."""
    client.put_item(TableName="runs", Item=run("a"))
    assert page(client, Limit=1)["LastEvaluatedKey"] == run("a")


def test_a_page_holds_a_megabyte(client: "DynamoDBClient") -> None:
    """Five items of 200 KB; moto counts a million bytes."""
    for n in range(6):
        client.put_item(TableName="runs", Item=run(str(n), data="x" * 205_000))
    answer = page(client)
    assert answer["Count"] == 5
    assert answer["LastEvaluatedKey"] == run("4")


def test_an_item_may_have_400_kilobytes(client: "DynamoDBClient") -> None:
    """To the byte, names included. moto refuses above 405,000."""
    client.put_item(TableName="runs", Item=run("a", data="x" * (409_600 - 18)))
    assert "Item" in client.get_item(TableName="runs", Key=run("a"))


def test_numbers_come_back_in_one_form(client: "DynamoDBClient") -> None:
    """Without zeros that say nothing, and without exponent. moto gives back what it was given."""
    written = ["007", "1.50", "-0", "1E3", "1e-3", "+4", ".5"]
    for text in written:
        client.put_item(TableName="runs", Item=run("a") | {"n": {"N": text}})
        answer = client.get_item(TableName="runs", Key=run("a"))
        written[written.index(text)] = answer["Item"]["n"]["N"]
    assert written == ["7", "1.5", "0", "1000", "0.001", "4", "0.5"]


REFUSED: dict[str, tuple[str, Any]] = {
    "an unused value": (
        "put_item",
        {"TableName": "runs", "Item": run("a"), "ExpressionAttributeValues": values(v=1)},
    ),
    "an index key of another type": (
        "put_item",
        {"TableName": "threads", "Item": item(thread="t", project_id=1, thread_id="x")},
    ),
    "26 items in a batch": (
        "batch_write_item",
        {"RequestItems": {"runs": [{"PutRequest": {"Item": run(str(n))}} for n in range(26)]}},
    ),
    "an item put and deleted in a batch": (
        "batch_write_item",
        {
            "RequestItems": {
                "runs": [{"PutRequest": {"Item": run("a")}}, {"DeleteRequest": {"Key": run("a")}}]
            }
        },
    ),
    "two conditions on a sort key": (
        "query",
        {
            "TableName": "runs",
            "KeyConditionExpression": "thread = :t AND run_id > :a AND run_id < :b",
            "ExpressionAttributeValues": values(t="t", a="a", b="b"),
        },
    ),
    "a filter on a key": (
        "query",
        {
            "TableName": "runs",
            "KeyConditionExpression": "thread = :t",
            "FilterExpression": "run_id > :a",
            "ExpressionAttributeValues": values(t="t", a="a"),
        },
    ),
    "an interval that ends before it begins": (
        "query",
        {
            "TableName": "runs",
            "KeyConditionExpression": "thread = :t AND run_id BETWEEN :b AND :a",
            "ExpressionAttributeValues": values(t="t", a="a", b="b"),
        },
    ),
    "a number of 39 digits": (
        "put_item",
        {"TableName": "runs", "Item": run("a") | {"n": {"N": "1" * 39}}},
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_moto_takes_what_is_refused(client: "DynamoDBClient", name: str) -> None:
    """A ValidationException on DynamoDB."""
    operation, request = REFUSED[name]
    assert code(lambda: getattr(client, operation)(**request)) == "ValidationException"


def test_what_an_item_makes_impossible_cancels_a_transaction(client: "DynamoDBClient") -> None:
    """With a reason of its own. moto answers as if the request alone were wrong."""
    client.put_item(TableName="runs", Item=run("a", n="text"))
    update = {"TableName": "runs", "Key": run("a"), "UpdateExpression": "ADD n :n"}
    actions: Any = [{"Update": {**update, "ExpressionAttributeValues": values(n=1)}}]
    answer = refusal(lambda: client.transact_write_items(TransactItems=actions))
    assert answer["Error"]["Code"] == "TransactionCanceledException"
    assert [reason["Code"] for reason in answer["CancellationReasons"]] == ["ValidationError"]


def test_a_start_outside_the_range_is_refused(client: "DynamoDBClient") -> None:
    """Of another partition, or beyond the sort key's range. moto reads on from anywhere."""
    refused = 0
    for start in (run("b", "other"), run("z")):
        request: Any = {
            "TableName": "runs",
            "KeyConditionExpression": "thread = :t AND run_id BETWEEN :a AND :b",
            "ExpressionAttributeValues": values(t="t", a="a", b="c"),
            "ExclusiveStartKey": start,
        }
        try:
            client.query(**request)
        except ClientError:
            refused += 1
    assert refused == 2
