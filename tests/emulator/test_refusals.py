"""What DynamoDB refuses, and what the emulator does not carry: a table, by the API's reference."""

from pathlib import Path
from typing import Any

import pytest
from moto.dynamodb.parsing.reserved_keywords import ReservedKeywords

from infra.local.aws.aws_error import AwsError, Unsupported
from infra.local.aws.dynamodb import DynamoDB
from infra.local.aws.dynamodb.expressions import RESERVED_WORDS
from tests.aws.items import attribute, item, run, values
from tests.fake_clock import FakeClock
from threadkeep.store.tables import TABLES, Index, Key, Table

Request = dict[str, Any]
Case = tuple[str, Request]

RUN = {"TableName": "runs", "Key": run("a")}
NEW = {"TableName": "runs", "Item": run("new")}
LARGE = "x" * 380_000


def query(more: str = "", /, **options: Any) -> Case:
    given = values(t="t", **options.pop("given", {}))
    request = {
        "TableName": "runs",
        "KeyConditionExpression": f"thread = :t{more}",
        "ExpressionAttributeValues": given,
    }
    return "Query", {**request, **options}


def update(expression: str, /, **given: Any) -> Case:
    options = {"ExpressionAttributeValues": values(**given)} if given else {}
    return "UpdateItem", {**RUN, "UpdateExpression": expression, **options}


def delete_if(condition: str, /, **given: Any) -> Case:
    options = {"ExpressionAttributeValues": values(**given)} if given else {}
    return "DeleteItem", {**RUN, "ConditionExpression": condition, **options}


def put(item: dict[str, Any], table: str = "runs", **options: Any) -> Case:
    return "PutItem", {"TableName": table, "Item": item, **options}


def transact(*actions: Request) -> Case:
    return "TransactWriteItems", {"TransactItems": list(actions)}


def put_action(item: dict[str, Any]) -> Request:
    return {"Put": {"TableName": "runs", "Item": item}}


REFUSED: dict[str, Case] = {
    # Keys
    "no sort key": put(item(thread="t")),
    "no partition key": put(item(run_id="a")),
    "a key of another type": put(run("a") | {"run_id": attribute(1)}),
    "a number key that is text": put(item(run="r", seq="1"), "run_events"),
    "an empty sort key": put(run("")),
    "an empty partition key": put(run("a", "")),
    "a partition key of 2,049 bytes": put(run("a", "x" * 2_049)),
    "a partition key of 2,050 bytes in 1,025 letters": put(run("a", "é" * 1_025)),
    "a sort key of 1,025 bytes": put(run("x" * 1_025)),
    "an index key of another type": put(item(thread="t", project_id=1, thread_id="a"), "threads"),
    "an empty index key": put(item(thread="t", project_id="", thread_id="a"), "threads"),
    "an empty index key alone": put(item(thread="t", thread_id=""), "threads"),
    "a Key with another attribute": ("GetItem", {"TableName": "runs", "Key": run("a", n=1)}),
    "a Key without its sort key": ("GetItem", {"TableName": "runs", "Key": item(thread="t")}),
    "an empty key to get": ("GetItem", {"TableName": "runs", "Key": run("")}),
    "a sort key for a table without": (
        "GetItem",
        {"TableName": "threads", "Key": item(thread="t", run_id="a")},
    ),
    # Values
    "an item of 409,601 bytes": put(run("a", data="x" * (409_600 - 18 + 1))),
    "a number of 39 digits": put(run("a") | {"n": {"N": "1" * 39}}),
    "a number beyond 10^126": put(run("a") | {"n": {"N": "1E126"}}),
    "a number below 10^-130": put(run("a") | {"n": {"N": "1E-131"}}),
    "a number with an endless exponent": put(run("a") | {"n": {"N": "1E99999999999999999999"}}),
    **{
        f"no number: {text!r}": put(run("a") | {"n": {"N": text}})
        for text in ("", "x", "1_0", " 1", "NaN", "Infinity", "0x1", "1e", ".", "\u0661")
    },
    "a lone surrogate": put(run("a", n="\ud800")),
    "no base64": put(run("a") | {"n": {"B": "?"}}),
    "a NULL that is false": put(run("a") | {"n": {"NULL": False}}),
    "a BOOL that is a text": put(run("a") | {"n": {"BOOL": "true"}}),
    "a text that is a number": put(run("a") | {"n": {"S": 1}}),
    "a value of two types": put(run("a") | {"n": {"S": "1", "N": "1"}}),
    "a value of no type": put(run("a") | {"n": {}}),
    "a value of an unknown type": put(run("a") | {"n": {"X": "1"}}),
    # Names and values of expressions
    "a reserved word": update("SET status = :v", v=1),
    "a reserved word in a condition": delete_if("attribute_exists(Status)"),
    "an undefined value": delete_if("n = :v"),
    "an undefined name": delete_if("attribute_exists(#n)"),
    "an unused value": delete_if("attribute_exists(n)", v=1),
    "an unused name": ("GetItem", {**RUN, "ExpressionAttributeNames": {"#n": "n"}}),
    "values without an expression": put(run("a"), ExpressionAttributeValues=values(v=1)),
    "no names": put(run("a"), ExpressionAttributeNames={}),
    "no values": put(run("a"), ExpressionAttributeValues={}),
    # Conditions
    **{
        f"no condition: {text}": delete_if(text)
        for text in (
            "",
            " ",
            "n",
            "n =",
            "= n",
            "n = = m",
            "n == m",
            "n ! m",
            "(attribute_exists(n)",
            "attribute_exists(n))",
            "attribute_exists(n) attribute_exists(m)",
            "attribute_exists(n) AND",
            "NOT",
            "attribute_exists()",
            "attribute_exists(n, m)",
            "attribute_exists(:v)",
            "ATTRIBUTE_EXISTS(n)",
            "starts_with(n, m)",
            "begins_with(n)",
            "n BETWEEN m",
            "n IN ()",
            "n IN m",
            "size(n)",
            "_n = m",
            "((attribute_exists(n)))",
            "attribute_exists(n) OR ((n = m AND n = z))",
        )
    },
    "a condition of endless depth": delete_if("NOT " * 1_000 + "n = m"),
    "a condition of endless parentheses": delete_if("(NOT " * 600 + "n = m" + ")" * 600),
    "a condition over 4 KB": delete_if("n = m" + " OR n = m" * 460),
    "an order of booleans": delete_if("n < :v", v=True),
    "an order of nulls": delete_if("n BETWEEN :v AND m", v=None),
    "a prefix that is a number": delete_if("begins_with(n, :v)", v=1),
    "BETWEEN with the bounds exchanged": delete_if("n BETWEEN :v AND :w", v=2, w=1),
    "BETWEEN of two types": delete_if("n BETWEEN :v AND :w", v=1, w="2"),
    # Updates
    **{
        f"no update: {text}": update(text)
        for text in (
            "",
            "n",
            "SET",
            "SET n",
            "SET n = ",
            "SET n = m,",
            "SET n = m + m + m",
            "SET n = if_not_exists(n)",
            "SET n = other(n, m)",
            "REMOVE",
            "REMOVE n SET",
            "ADD n",
            "ADD n m",
            "SET n = m SET m = n",
            "REMOVE n REMOVE m",
        )
    },
    "the same attribute twice": update("SET n = :v, n = :w", v=1, w=2),
    "set and removed": update("SET n = :v REMOVE n", v=1),
    "set and added to": update("SET n = :v ADD n :v", v=1),
    "removed twice": update("REMOVE n, n"),
    "a change of the key": update("SET run_id = :v", v="b"),
    "a removal of the key": update("REMOVE thread"),
    "adding a text": update("ADD n :v", v="1"),
    "adding to a text": update("ADD note :v", v=1),
    "a sum with a text": update("SET n = n + :v", v="1"),
    "a sum with nothing": update("SET n = z + :v", v=1),
    "a copy of nothing": update("SET n = z"),
    "a sum of 39 digits": update("SET n = n + :v", v=10**38),
    "a sum out of range": update("SET n = n + :v", v=int("9" * 38) * 10**88),
    "an item that grows too large": update("SET more = :v", v="x" * 409_600),
    # Queries
    "no partition": (
        "Query",
        {
            "TableName": "runs",
            "KeyConditionExpression": "run_id = :t",
            "ExpressionAttributeValues": values(t="t"),
        },
    ),
    "two conditions on a sort key": query(
        " AND run_id > :a AND run_id < :b", given={"a": "a", "b": "b"}
    ),
    "two conditions on a partition key": query(" AND thread = :a", given={"a": "a"}),
    "a range of partitions": (
        "Query",
        {
            "TableName": "runs",
            "KeyConditionExpression": "thread > :t",
            "ExpressionAttributeValues": values(t="t"),
        },
    ),
    "a condition on what is no key": query(" AND n = :n", given={"n": 1}),
    "OR in a key condition": query(" OR run_id = :a", given={"a": "a"}),
    "<> in a key condition": query(" AND run_id <> :a", given={"a": "a"}),
    "IN in a key condition": query(" AND run_id IN (:a)", given={"a": "a"}),
    "a function in a key condition": query(" AND attribute_exists(run_id)"),
    "an attribute in a key condition": query(" AND run_id = n"),
    "a sort key of another type": query(" AND run_id = :a", given={"a": 1}),
    "an empty sort key to look for": query(" AND run_id = :a", given={"a": ""}),
    "a sort key to look for of 1,025 bytes": query(" AND run_id = :a", given={"a": "x" * 1_025}),
    "a range with the bounds exchanged": query(
        " AND run_id BETWEEN :b AND :a", given={"a": "a", "b": "b"}
    ),
    "a prefix of a number key": (
        "Query",
        {
            "TableName": "run_events",
            "KeyConditionExpression": "run = :r AND begins_with(seq, :n)",
            "ExpressionAttributeValues": values(r="r", n=1),
        },
    ),
    "a filter on the sort key": query(FilterExpression="run_id > :a", given={"a": "a"}),
    "a filter on the partition key": query(FilterExpression="attribute_exists(thread)"),
    "a filter on a key by another name": query(
        FilterExpression="attribute_exists(#k)", ExpressionAttributeNames={"#k": "run_id"}
    ),
    "a limit of zero": query(Limit=0),
    "an attribute asked for twice": query(ProjectionExpression="n, n"),
    "an index that is not there": query(IndexName="by_time"),
    "a start without the sort key": query(ExclusiveStartKey=item(thread="t")),
    "a start with another attribute": query(ExclusiveStartKey=run("a", n=1)),
    "a start in another partition": query(ExclusiveStartKey=run("a", "u")),
    "a start beyond the range": query(
        " AND run_id < :a", given={"a": "a"}, ExclusiveStartKey=run("b")
    ),
    "a start before the range": query(
        " AND run_id > :a", given={"a": "b"}, ExclusiveStartKey=run("a")
    ),
    "a consistent read of an index": query(
        TableName="threads",
        IndexName="by_project",
        ConsistentRead=True,
        KeyConditionExpression="project_id = :t",
    ),
    "what an index does not hold": query(
        TableName="threads",
        IndexName="by_project",
        KeyConditionExpression="project_id = :t",
        ProjectionExpression="metadata",
    ),
    "a start without the index's keys": query(
        TableName="threads",
        IndexName="by_project",
        KeyConditionExpression="project_id = :t",
        ExclusiveStartKey=item(thread="t/1"),
    ),
    # Batches and transactions
    "101 keys in a batch": (
        "BatchGetItem",
        {"RequestItems": {"runs": {"Keys": [run(str(n)) for n in range(101)]}}},
    ),
    "a key twice in a batch": (
        "BatchGetItem",
        {"RequestItems": {"runs": {"Keys": [run("a"), run("a")]}}},
    ),
    "an empty batch of keys": ("BatchGetItem", {"RequestItems": {}}),
    "26 items in a batch": (
        "BatchWriteItem",
        {"RequestItems": {"runs": [{"PutRequest": {"Item": run(str(n))}} for n in range(26)]}},
    ),
    "an item twice in a batch": (
        "BatchWriteItem",
        {
            "RequestItems": {
                "runs": [{"PutRequest": {"Item": run("b")}}, {"DeleteRequest": {"Key": run("b")}}]
            }
        },
    ),
    "an empty batch": ("BatchWriteItem", {"RequestItems": {}}),
    "101 actions": transact(*(put_action(run(str(n))) for n in range(101))),
    "no action": transact(),
    "an item twice in a transaction": transact(put_action(run("a")), {"Delete": RUN}),
    "a number twice in a transaction": transact(
        *(
            {"Put": {"TableName": "run_events", "Item": {"run": {"S": "r"}, "seq": {"N": text}}}}
            for text in ("1", "1.0")
        )
    ),
    "over 4 MB": transact(*(put_action(run(str(n), data=LARGE)) for n in range(12))),
    "an empty key in a transaction": transact(put_action(run(""))),
    "a bad expression in a transaction": transact(
        put_action(run("new")), {"Update": {**RUN, "UpdateExpression": "SET status = n"}}
    ),
    "an unused value in a transaction": transact(
        put_action(run("new")), {"Delete": {**RUN, "ExpressionAttributeValues": values(v=1)}}
    ),
}

UNSUPPORTED: dict[str, Case] = {
    "Scan": ("Scan", {"TableName": "runs"}),
    "CreateTable": ("CreateTable", {"TableName": "x"}),
    "TransactGetItems": ("TransactGetItems", {"TransactItems": []}),
    "type M": put(run("a") | {"n": {"M": {}}}),
    "type L": put(run("a") | {"n": {"L": []}}),
    "type SS": put(run("a") | {"n": {"SS": ["a"]}}),
    "type NS": put(run("a") | {"n": {"NS": ["1"]}}),
    "type BS": put(run("a") | {"n": {"BS": ["AA=="]}}),
    "contains": delete_if("contains(n, :v)", v="a"),
    "attribute_type": delete_if("attribute_type(n, :v)", v="S"),
    "list_append": update("SET n = list_append(n, m)"),
    "DELETE in an update": update("DELETE n :v", v=1),
    "document paths": delete_if("attribute_exists(n.m)"),
    "list elements, as document paths": update("REMOVE n[0]"),
    "ReturnConsumedCapacity": put(run("a"), ReturnConsumedCapacity="TOTAL"),
    "Expected": put(run("a"), Expected={}),
    "AttributesToGet": (
        "BatchGetItem",
        {"RequestItems": {"runs": {"Keys": [run("a")], "AttributesToGet": ["n"]}}},
    ),
    "ReturnValues UPDATED_NEW": ("UpdateItem", {**RUN, "ReturnValues": "UPDATED_NEW"}),
    "ReturnValues ALL_NEW": ("DeleteItem", {**RUN, "ReturnValues": "ALL_NEW"}),
    "Select ALL_ATTRIBUTES": query(Select="ALL_ATTRIBUTES"),
}


@pytest.fixture
def emulator(emulator: DynamoDB) -> DynamoDB:
    """With an item, and a stream of which nothing is left."""
    emulator.call("PutItem", {"TableName": "runs", "Item": run("a", n=1, m=2, note="text")})
    emulator.trim("runs", 1)
    return emulator


@pytest.mark.parametrize("name", REFUSED)
def test_what_dynamodb_refuses(emulator: DynamoDB, name: str) -> None:
    """A ValidationException, and nothing has happened."""
    with pytest.raises(AwsError) as refused:
        emulator.call(*REFUSED[name])
    assert (refused.value.code, refused.value.status) == ("ValidationException", 400)
    assert not isinstance(refused.value, Unsupported)
    assert emulator.records("runs", 0, 1) == []


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_what_is_not_carried_is_refused_by_name(emulator: DynamoDB, name: str) -> None:
    """Whoever needs more of DynamoDB is told what of it is missing."""
    with pytest.raises(Unsupported) as refused:
        emulator.call(*UNSUPPORTED[name])
    assert name.rsplit(maxsplit=1)[-1] in refused.value.message
    assert emulator.records("runs", 0, 1) == []


def test_the_largest_are_taken(emulator: DynamoDB) -> None:
    """Keys, items, numbers and transactions right at their limits."""
    emulator.call(*put(run("x" * 1_024, "y" * 2_048)))
    emulator.call(*put(run("b", data="x" * (409_600 - 18))))
    emulator.call(*put(run("c") | {"n": {"N": "9" * 38 + "0" * 88}, "m": {"N": "1E-130"}}))
    emulator.call(*transact(*(put_action(run(f"t{n}")) for n in range(100))))
    emulator.call(*transact(*(put_action(run(str(n), data=LARGE)) for n in range(11))))


def test_an_unknown_table_is_not_found(emulator: DynamoDB) -> None:
    """Whatever the operation."""
    for operation, request in (put({}, "other"), ("GetItem", {"TableName": "", "Key": {}})):
        with pytest.raises(AwsError) as refused:
            emulator.call(operation, request)
        assert refused.value.code == "ResourceNotFoundException"


def test_refusals_do_not_tell_content(emulator: DynamoDB) -> None:
    """What is in an item, a key or a value never stands in a message."""
    marker = "canary"
    given = {"v": marker}
    for case in (
        put(run(marker * 1_000)),
        put(run("a", marker) | {"n": {"N": marker}}),
        delete_if("n BETWEEN :v AND :w", v=f"z{marker}", w=marker),
        update("ADD n :v", v=marker),
        query(" AND n = :v", given=given),
    ):
        with pytest.raises(AwsError) as refused:
            emulator.call(*case)
        assert marker not in str(refused.value)


def test_the_reserved_words_are_all_of_them() -> None:
    """The list of DynamoDB's reference, as moto has it too."""
    words = {word.upper() for word in ReservedKeywords.get_reserved_keywords()}
    assert words == RESERVED_WORDS


def test_other_keys_are_refused_at_the_start(tmp_path: Path) -> None:
    """A file whose table has other keys than its definition is left as it is."""
    path, clock = tmp_path / "dynamodb.db", FakeClock()
    DynamoDB(path, clock, [Table("runs", Key("thread"), Key("run_id"))]).close()
    for keys in ((Key("thread"),), (Key("thread"), Key("id")), (Key("thread"), Key("run_id", "N"))):
        with pytest.raises(ValueError, match="runs"):
            DynamoDB(path, clock, [Table("runs", *keys)])
    DynamoDB(path, clock, TABLES).close()


def test_a_new_index_holds_what_was_there(tmp_path: Path) -> None:
    """An index that is added or changed is made of the items; one that is taken away is gone."""
    path, clock = tmp_path / "dynamodb.db", FakeClock()
    plain = Table("notes", Key("id"))
    by_owner = Index("by_owner", Key("owner"), Key("id"))
    by_topic = Index("by_topic", Key("topic"), Key("id"))
    note = item(id="1", owner="o", topic="x")
    for index, found in ((None, None), (by_owner, "owner"), (by_topic, "topic"), (None, None)):
        table = Table(plain.name, plain.partition_key, index=index)
        emulator = DynamoDB(path, clock, [table])
        emulator.call("PutItem", {"TableName": "notes", "Item": note})
        if index:
            request = {
                "TableName": "notes",
                "IndexName": index.name,
                "KeyConditionExpression": "#key = :key",
                "ExpressionAttributeNames": {"#key": index.partition_key.name},
                "ExpressionAttributeValues": {":key": note[str(found)]},
            }
            assert emulator.call("Query", request)["Count"] == 1
        emulator.close()
