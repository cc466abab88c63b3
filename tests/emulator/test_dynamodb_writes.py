"""What DynamoDB does with writes: on moto, repaired, and on the emulator."""

from typing import TYPE_CHECKING, Any

import pytest

from tests.aws.items import Attributes, Plain, attribute, code, item, refusal, run, values

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

FAILED = "ConditionalCheckFailedException"


def stored(client: "DynamoDBClient", run_id: str) -> Attributes | None:
    wanted = run(run_id)
    answer: Any = client.get_item(TableName="runs", Key=wanted, ConsistentRead=True)
    found: Attributes | None = answer.get("Item")
    return found


def change(client: "DynamoDBClient", run_id: str, update: str, **options: Any) -> Attributes:
    answer: Any = client.update_item(
        TableName="runs",
        Key=run(run_id),
        UpdateExpression=update,
        ReturnValues="ALL_NEW",
        **options,
    )
    changed: Attributes = answer["Attributes"]
    return changed


@pytest.mark.parametrize(
    "value",
    ["", "text", "Zoë \U0001f600 \x00", 0, -12, 0.5, 10**37, True, False, None, b"", b"\x00\xff"],
)
def test_every_type_comes_back(client: "DynamoDBClient", value: Plain) -> None:
    """A value is read as it was written, whatever its type."""
    client.put_item(TableName="runs", Item=run("a", value=value))
    assert stored(client, "a") == run("a", value=value)


def test_a_missing_item_is_no_item(client: "DynamoDBClient") -> None:
    """GetItem of nothing answers without an Item."""
    assert stored(client, "nothing") is None


def test_a_put_replaces_the_whole_item(client: "DynamoDBClient") -> None:
    """No attribute of the former item stays; ALL_OLD gives it back."""
    client.put_item(TableName="runs", Item=run("a", first=1))
    answer = client.put_item(TableName="runs", Item=run("a", second=2), ReturnValues="ALL_OLD")
    assert answer["Attributes"] == run("a", first=1)
    assert stored(client, "a") == run("a", second=2)


def test_a_delete_gives_back_what_it_removed(client: "DynamoDBClient") -> None:
    """Deleting what is not there succeeds too."""
    client.put_item(TableName="runs", Item=run("a", n=1))
    first = client.delete_item(TableName="runs", Key=run("a"), ReturnValues="ALL_OLD")
    again = client.delete_item(TableName="runs", Key=run("a"), ReturnValues="ALL_OLD")
    assert first["Attributes"] == run("a", n=1)
    assert "Attributes" not in again
    assert stored(client, "a") is None


def test_a_put_only_if_absent_wins_once(client: "DynamoDBClient") -> None:
    """The second writer is refused, and shown what is there if it asked for it."""
    request: Any = {
        "TableName": "runs",
        "ConditionExpression": "attribute_not_exists(run_id)",
    }
    client.put_item(Item=run("a", n=1), **request)
    assert "Item" not in refusal(lambda: client.put_item(Item=run("a", n=2), **request))
    request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    answer = refusal(lambda: client.put_item(Item=run("a", n=2), **request))
    assert answer["Error"]["Code"] == FAILED
    assert answer["Item"] == run("a", n=1)
    assert stored(client, "a") == run("a", n=1)


@pytest.mark.parametrize("operation", ["update_item", "delete_item"])
def test_a_failed_condition_shows_the_item(client: "DynamoDBClient", operation: str) -> None:
    """Updates and deletes show it as puts do, and change nothing."""
    client.put_item(TableName="runs", Item=run("a", n=1))
    request: Any = {
        "TableName": "runs",
        "Key": run("a"),
        "ConditionExpression": "n = :n",
        "ExpressionAttributeValues": values(n=2),
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    if operation == "update_item":
        request["UpdateExpression"] = "REMOVE n"
    answer = refusal(lambda: getattr(client, operation)(**request))
    assert answer["Error"]["Code"] == FAILED
    assert answer["Item"] == stored(client, "a") == run("a", n=1)


UPDATES: list[tuple[str, dict[str, Plain], dict[str, Plain]]] = [
    ("SET n = :v", {"v": "x"}, {"n": "x", "m": 2}),
    ("SET n = :v, z = n", {"v": 7}, {"n": 7, "m": 2, "z": 1}),
    ("SET n = m, m = n", {}, {"n": 2, "m": 1}),
    ("SET n = n + :v", {"v": 5}, {"n": 6, "m": 2}),
    ("SET n = n - :v", {"v": 0.5}, {"n": 0.5, "m": 2}),
    ("SET n = m + n", {}, {"n": 3, "m": 2}),
    ("SET z = if_not_exists(z, :v)", {"v": 9}, {"n": 1, "m": 2, "z": 9}),
    ("SET n = if_not_exists(n, :v)", {"v": 9}, {"n": 1, "m": 2}),
    ("SET z = if_not_exists(z, :v) + :w", {"v": 0, "w": 1}, {"n": 1, "m": 2, "z": 1}),
    ("SET z = if_not_exists(z, m)", {}, {"n": 1, "m": 2, "z": 2}),
    ("REMOVE n, m", {}, {}),
    ("REMOVE nothing", {}, {"n": 1, "m": 2}),
    ("ADD n :v", {"v": 4}, {"n": 5, "m": 2}),
    ("ADD z :v", {"v": -4}, {"n": 1, "m": 2, "z": -4}),
    ("SET z = n REMOVE n ADD m :v", {"v": 1}, {"z": 1, "m": 3}),
    ("set z = :v remove n", {"v": None}, {"z": None, "m": 2}),
]


@pytest.mark.parametrize(("update", "given", "expected"), UPDATES)
def test_updates(
    client: "DynamoDBClient", update: str, given: dict[str, Plain], expected: dict[str, Plain]
) -> None:
    """An update changes what it names; all its parts read the item as it was before."""
    client.put_item(TableName="runs", Item=run("a", n=1, m=2))
    options = {"ExpressionAttributeValues": values(**given)} if given else {}
    changed = change(client, "a", update, **options)
    assert changed == stored(client, "a") == run("a") | item(**expected)


def test_an_update_makes_what_is_missing(client: "DynamoDBClient") -> None:
    """Unless a condition forbids it, an update of nothing is an item of its key and changes."""
    assert change(client, "a", "REMOVE n") == run("a")
    assert change(client, "b", "ADD n :n", ExpressionAttributeValues=values(n=3)) == run("b", n=3)
    options = {"ConditionExpression": "attribute_exists(run_id)"}
    assert code(lambda: change(client, "c", "REMOVE n", **options)) == FAILED
    assert stored(client, "c") is None


def test_a_refused_update_changes_nothing(client: "DynamoDBClient") -> None:
    """The item is as before when a part of an update cannot be done."""
    client.put_item(TableName="runs", Item=run("a", n="text"))
    given = values(v=1, w=2)
    for update in ("SET z = :v ADD n :w", "SET z = :v, y = n + :w", "SET z = :v, y = :w + x"):
        options = {"ExpressionAttributeValues": given}
        refused = code(lambda u=update, o=options: change(client, "a", u, **o))  # type: ignore[misc]
        assert refused == "ValidationException"
    assert stored(client, "a") == run("a", n="text")


def test_reserved_words_go_through_names(client: "DynamoDBClient") -> None:
    """`#names` reach attributes that an expression cannot name."""
    client.put_item(TableName="runs", Item=run("a", status="queued"))
    names = {"#status": "status", "#gone": "with.dots and spaces"}
    changed = change(
        client,
        "a",
        "SET #status = :s, #gone = :s",
        ConditionExpression="#status = :q",
        ExpressionAttributeNames=names,
        ExpressionAttributeValues=values(s="failed", q="queued"),
    )
    assert changed == run("a", status="failed") | {"with.dots and spaces": {"S": "failed"}}


# The item has n = 5, s = "hello", b = b"\x01\x02", t = true, e = null and no x.
CONDITIONS: list[tuple[str, dict[str, Plain], bool]] = [
    ("attribute_exists(n)", {}, True),
    ("attribute_exists(x)", {}, False),
    ("attribute_exists(e)", {}, True),
    ("attribute_not_exists(x)", {}, True),
    ("attribute_not_exists(n)", {}, False),
    ("n = :v", {"v": 5}, True),
    ("n = :v", {"v": "5"}, False),
    ("n <> :v", {"v": "5"}, True),
    ("x <> :v", {"v": 5}, True),
    ("x = :v", {"v": 5}, False),
    ("n < :v", {"v": 5}, False),
    ("n <= :v", {"v": 5}, True),
    ("n > :v", {"v": -6}, True),
    ("n >= :v", {"v": 10}, False),
    ("x < :v", {"v": 5}, False),
    (":v < n", {"v": 4}, True),
    ("s < :v", {"v": "hellp"}, True),
    ("s > :v", {"v": "Hello"}, True),
    ("b < :v", {"v": b"\x01\x03"}, True),
    ("t = :v", {"v": True}, True),
    ("e = :v", {"v": None}, True),
    ("n BETWEEN :v AND :w", {"v": 5, "w": 6}, True),
    ("n BETWEEN :v AND :w", {"v": 6, "w": 7}, False),
    ("x BETWEEN :v AND :w", {"v": 6, "w": 7}, False),
    (":v BETWEEN n AND :w", {"v": 6, "w": 7}, True),
    ("n IN (:v, :w)", {"v": "5", "w": 5}, True),
    ("n IN (:v)", {"v": 6}, False),
    ("x IN (:v)", {"v": 6}, False),
    ("begins_with(s, :v)", {"v": "he"}, True),
    ("begins_with(s, :v)", {"v": "el"}, False),
    ("begins_with(x, :v)", {"v": "el"}, False),
    ("begins_with(n, :v)", {"v": "5"}, False),
    ("size(s) = :v", {"v": 5}, True),
    ("size(s) > :v", {"v": 5}, False),
    ("size(b) BETWEEN :v AND :w", {"v": 1, "w": 2}, True),
    ("NOT n = :v", {"v": 5}, False),
    ("NOT attribute_exists(x) AND n = :v", {"v": 5}, True),
    ("attribute_exists(x) OR n = :v", {"v": 5}, True),
    ("n = :v OR n = :w AND attribute_exists(x)", {"v": 5, "w": 6}, True),
    ("(n = :v OR n = :w) AND attribute_exists(x)", {"v": 5, "w": 6}, False),
    ("not (n = :v and s = :w)", {"v": 5, "w": "x"}, True),
]


@pytest.mark.parametrize(("condition", "given", "holds"), CONDITIONS)
def test_conditions(
    client: "DynamoDBClient", condition: str, given: dict[str, Plain], holds: bool
) -> None:
    """A write happens exactly if its condition holds."""
    before = run("a", n=5, s="hello", b=b"\x01\x02", t=True, e=None)
    client.put_item(TableName="runs", Item=before)
    request: Any = {"ExpressionAttributeValues": values(**given)} if given else {}
    try:
        client.delete_item(TableName="runs", Key=run("a"), ConditionExpression=condition, **request)
    except client.exceptions.ConditionalCheckFailedException:
        assert not holds
    assert (stored(client, "a") is None) == holds


def test_batches_write_over_tables(client: "DynamoDBClient") -> None:
    """Puts and deletes of several tables, at most 25."""
    client.put_item(TableName="runs", Item=run("old"))
    requests: Any = {
        "runs": [{"PutRequest": {"Item": run(f"r{n}", n=n)}} for n in range(20)],
        "api_keys": [{"PutRequest": {"Item": item(key_hash="h", project_id="p")}}],
    }
    requests["runs"].append({"DeleteRequest": {"Key": run("old")}})
    assert client.batch_write_item(RequestItems=requests)["UnprocessedItems"] == {}
    assert stored(client, "r19") == run("r19", n=19)
    assert stored(client, "old") is None
    found = client.get_item(TableName="api_keys", Key=item(key_hash="h"))
    assert found["Item"] == item(key_hash="h", project_id="p")


def test_batches_read_over_tables(client: "DynamoDBClient") -> None:
    """What exists is answered for each table asked, whole or in part."""
    client.put_item(TableName="runs", Item=run("a", n=1, m=2))
    client.put_item(TableName="threads", Item=item(thread="t", n=1))
    requests: Any = {
        "runs": {"Keys": [run("a"), run("missing")], "ProjectionExpression": "n, z"},
        "threads": {"Keys": [item(thread="t")], "ConsistentRead": True},
        "api_keys": {"Keys": [item(key_hash="h")]},
    }
    answer = client.batch_get_item(RequestItems=requests)
    assert answer["Responses"] == {
        "runs": [item(n=1)],
        "threads": [item(thread="t", n=1)],
        "api_keys": [],
    }
    assert answer["UnprocessedKeys"] == {}


def test_get_item_gives_what_is_asked_for(client: "DynamoDBClient") -> None:
    """A projection of an item; an item without any of the attributes is an empty one."""
    client.put_item(TableName="runs", Item=run("a", n=1, status="queued"))
    request: Any = {"TableName": "runs", "Key": run("a")}
    answer = client.get_item(
        **request, ProjectionExpression="n, #s", ExpressionAttributeNames={"#s": "status"}
    )
    assert answer["Item"] == item(n=1, status="queued")


def test_keys_are_not_mixed_up(client: "DynamoDBClient") -> None:
    """Neither partitions and sort keys that join to the same text, nor numbers written apart."""
    pairs = [("a", "bc"), ("ab", "c"), ("a", "b\x00c"), ("a\x00b", "c")]
    for place, (thread, run_id) in enumerate(pairs):
        client.put_item(TableName="runs", Item=run(run_id, thread, n=place))
    for place, (thread, run_id) in enumerate(pairs):
        answer = client.get_item(TableName="runs", Key=run(run_id, thread))
        assert answer["Item"]["n"] == attribute(place)
