"""Query: on moto, repaired, and on the emulator."""

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from tests.aws.items import Attributes, Plain, item, run, values

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

IDS = [f"run_{n:02d}" for n in range(12)]


@pytest.fixture
def runs(client: "DynamoDBClient") -> "DynamoDBClient":
    """Twelve runs of a thread, put in disorder, amid those of others."""
    for place, run_id in enumerate([*IDS[6:], *reversed(IDS[:6])]):
        client.put_item(TableName="runs", Item=run(run_id, n=place % 3))
    for thread in ("s", "t\x00", "ta", "u"):
        client.put_item(TableName="runs", Item=run("run_05", thread))
    return client


def query(client: "DynamoDBClient", more: str = "", /, **options: Any) -> dict[str, Any]:
    given = options.pop("given", {})
    request: Any = {
        "TableName": "runs",
        "KeyConditionExpression": f"thread = :t{more}",
        "ExpressionAttributeValues": values(t="t", **given),
        **options,
    }
    answer: Any = client.query(**request)
    return dict(answer)


def ids(answer: dict[str, Any]) -> list[str]:
    return [item["run_id"]["S"] for item in answer["Items"]]


RANGES: list[tuple[str, dict[str, Plain], list[str]]] = [
    ("", {}, IDS),
    (" AND run_id = :a", {"a": IDS[3]}, IDS[3:4]),
    (" AND run_id < :a", {"a": IDS[3]}, IDS[:3]),
    (" AND run_id <= :a", {"a": IDS[3]}, IDS[:4]),
    (" AND run_id > :a", {"a": IDS[3]}, IDS[4:]),
    (" AND run_id >= :a", {"a": IDS[3]}, IDS[3:]),
    (" AND run_id > :a", {"a": "run_03a"}, IDS[4:]),
    (" AND run_id BETWEEN :a AND :b", {"a": IDS[2], "b": IDS[5]}, IDS[2:6]),
    (" AND run_id BETWEEN :a AND :b", {"a": "a", "b": "z"}, IDS),
    (" AND run_id BETWEEN :a AND :b", {"a": "run_03a", "b": "run_03b"}, []),
    (" AND begins_with(run_id, :a)", {"a": "run_0"}, IDS[:10]),
    (" AND begins_with(run_id, :a)", {"a": "x"}, []),
]


@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize(("more", "given", "expected"), RANGES)
def test_ranges(
    runs: "DynamoDBClient",
    more: str,
    given: dict[str, Plain],
    expected: list[str],
    forward: bool,
) -> None:
    """A range of the sort key gives its items in order, forwards and backwards."""
    answer = query(runs, more, given=given, ScanIndexForward=forward, ConsistentRead=True)
    assert ids(answer) == (expected if forward else expected[::-1])
    assert answer["Count"] == answer["ScannedCount"] == len(expected)
    assert "LastEvaluatedKey" not in answer


@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("limit", [1, 5, 7, 100])
def test_pages_join_to_the_whole(runs: "DynamoDBClient", limit: int, forward: bool) -> None:
    """Each page begins after the key the last one ended with; none is longer than its limit."""
    joined = []
    for page in pages(runs, Limit=limit, ScanIndexForward=forward):
        assert len(page) <= limit
        joined += page
    assert joined == (IDS if forward else IDS[::-1])


def pages(client: "DynamoDBClient", **options: Any) -> Iterator[list[str]]:
    answer = query(client, **options)
    yield ids(answer)
    while after := answer.get("LastEvaluatedKey"):
        answer = query(client, **options, ExclusiveStartKey=after)
        yield ids(answer)


def test_a_page_can_begin_after_any_key(runs: "DynamoDBClient") -> None:
    """Also after one that is not there, in both directions, within a range."""
    after = {"ExclusiveStartKey": run("run_03a")}
    assert ids(query(runs, **after)) == IDS[4:]
    assert ids(query(runs, **after, ScanIndexForward=False)) == IDS[3::-1]
    more, given = " AND run_id BETWEEN :a AND :b", {"a": IDS[1], "b": IDS[6]}
    assert ids(query(runs, more, given=given, **after)) == IDS[4:7]
    backwards = query(runs, more, given=given, **after, ScanIndexForward=False, Limit=2)
    assert ids(backwards) == [IDS[3], IDS[2]]
    assert backwards["LastEvaluatedKey"] == run(IDS[2])


def test_a_filter_works_on_what_was_read(runs: "DynamoDBClient") -> None:
    """The limit bounds what is looked at, not what passes; the count tells of both."""
    options: Any = {"FilterExpression": "n = :n", "given": {"n": 1}}
    answer = query(runs, Limit=6, **options)
    assert (answer["Count"], answer["ScannedCount"]) == (2, 6)
    assert answer["LastEvaluatedKey"] == run(IDS[5])
    assert query(runs, FilterExpression="attribute_exists(z)")["Items"] == []


def test_a_projection_gives_the_named_attributes(runs: "DynamoDBClient") -> None:
    """And a count gives none at all."""
    options: Any = {"ProjectionExpression": "#n, z", "ExpressionAttributeNames": {"#n": "n"}}
    assert query(runs, Limit=2, **options)["Items"] == [item(n=2), item(n=1)]
    counted = query(runs, Select="COUNT")
    assert counted["Count"] == 12
    assert "Items" not in counted


def test_number_keys_are_in_the_order_of_numbers(client: "DynamoDBClient") -> None:
    """Whatever their signs, lengths and exponents."""
    texts = "0 1 -1 10 9 -10 -9 100 99 0.5 -0.05 1E-20 123456789 1234567891 12345678 1000000"
    numbers = [Decimal(text) for text in texts.split()] + [Decimal(10**30), Decimal(-(10**30))]
    for number in numbers:
        event = {"run": {"S": "r"}, "seq": {"N": str(number)}}
        client.put_item(TableName="run_events", Item=event)
    answer: Any = client.query(
        TableName="run_events",
        KeyConditionExpression="run = :r AND seq > :n",
        ExpressionAttributeValues=values(r="r", n=-10),
    )
    found = [Decimal(event["seq"]["N"]) for event in answer["Items"]]
    assert found == sorted(number for number in numbers if number > -10)


def test_numbers_that_are_written_apart_are_one_key(client: "DynamoDBClient") -> None:
    """`1` and `1.0` are the same number."""
    for text in ("1", "1.0", "1E0"):
        client.put_item(TableName="run_events", Item={"run": {"S": "r"}, "seq": {"N": text}})
    answer = client.query(
        TableName="run_events",
        KeyConditionExpression="run = :r",
        ExpressionAttributeValues=values(r="r"),
    )
    assert answer["Count"] == 1


@pytest.fixture
def threads(client: "DynamoDBClient") -> "DynamoDBClient":
    """Ten threads of a project, of which two are in no index, and one of another project."""
    for n in range(10):
        thread = item(thread=f"p/{n}", project_id="p", thread_id=f"thread_{9 - n}", note="x")
        if n in (3, 4):
            del thread["project_id" if n == 3 else "thread_id"]
        client.put_item(TableName="threads", Item=thread)
    other: Attributes = item(thread="q/1", project_id="q", thread_id="thread_1")
    client.put_item(TableName="threads", Item=other)
    return client


def listed(client: "DynamoDBClient", **options: Any) -> dict[str, Any]:
    answer: Any = client.query(
        TableName="threads",
        IndexName="by_project",
        KeyConditionExpression="project_id = :p",
        ExpressionAttributeValues=values(p="p"),
        **options,
    )
    return dict(answer)


def test_an_index_holds_the_keys_of_items_that_have_them(threads: "DynamoDBClient") -> None:
    """In the order of its own sort key, and without other attributes."""
    found = listed(threads)["Items"]
    expected = [n for n in range(9, -1, -1) if n not in (3, 4)]
    assert found == [
        item(thread=f"p/{n}", project_id="p", thread_id=f"thread_{9 - n}") for n in expected
    ]


@pytest.mark.parametrize("forward", [True, False])
def test_an_index_is_read_in_pages(threads: "DynamoDBClient", forward: bool) -> None:
    """The cursor is the index's key and the table's."""
    whole = listed(threads, ScanIndexForward=forward)["Items"]
    page = listed(threads, ScanIndexForward=forward, Limit=3)
    assert page["Items"] == whole[:3]
    assert page["LastEvaluatedKey"] == whole[2]
    rest = listed(threads, ScanIndexForward=forward, ExclusiveStartKey=whole[2])
    assert rest["Items"] == whole[3:]


def test_an_index_follows_its_items(threads: "DynamoDBClient") -> None:
    """Entries come, move and go with the attributes of the item."""
    key = item(thread="p/0")
    for update, given, expected in (
        ("SET thread_id = :v", {"v": "thread_0a"}, ["thread_0", "thread_0a"]),
        ("REMOVE thread_id", {}, ["thread_0", "thread_1"]),
        ("SET thread_id = :v", {"v": "thread_00"}, ["thread_0", "thread_00"]),
    ):
        options: Any = {"ExpressionAttributeValues": values(**given)} if given else {}
        threads.update_item(TableName="threads", Key=key, UpdateExpression=update, **options)
        found = listed(threads, Limit=2)["Items"]
        assert [entry["thread_id"]["S"] for entry in found] == expected
    threads.delete_item(TableName="threads", Key=key)
    assert listed(threads, Select="COUNT")["Count"] == 7


def test_a_table_without_a_sort_key_is_queried_by_its_partition(threads: "DynamoDBClient") -> None:
    """The partition is the one item."""
    answer = threads.query(
        TableName="threads",
        KeyConditionExpression="thread = :t",
        ExpressionAttributeValues=values(t="q/1"),
        ScanIndexForward=False,
    )
    assert answer["Items"] == [item(thread="q/1", project_id="q", thread_id="thread_1")]
