"""The emulator and moto agree on random operations, so that each checks the other.

Left out is only what `test_moto_faults.py` names, and what messages say: answers, codes, reasons
of cancelled transactions and stream records must be the same.
"""

import json
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from moto.dynamodb.models import dynamodb_backends

from infra.local.aws.aws_error import AwsError
from infra.local.aws.dynamodb import DynamoDB
from tests.aws.clients import moto_client
from tests.aws.items import Attributes, attribute, item, run, values
from tests.fake_clock import FakeClock
from threadkeep.store.tables import RUN_EVENTS, RUNS, TABLES, THREADS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

Operation = tuple[str, dict[str, Any]]

LONG = settings.get_current_profile_name() == "long"
EXAMPLES = 5_000 if LONG else 50
OPERATIONS = 10  # in each example

METHODS = {
    "GetItem": "get_item",
    "BatchGetItem": "batch_get_item",
    "PutItem": "put_item",
    "UpdateItem": "update_item",
    "DeleteItem": "delete_item",
    "BatchWriteItem": "batch_write_item",
    "TransactWriteItems": "transact_write_items",
    "Query": "query",
}
SHOWN = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}

numbers = st.integers(-3, 12) | st.sampled_from([0.5, -0.25, 10**20, -(10**20)])
texts = st.sampled_from(["", "a", "ab", "b", "Zoë", "\U0001f600", "queued"])
run_ids = st.sampled_from(["a", "ab", "b", "c\x00", "c", "é"])


def some(**strategies: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=strategies)


def keys() -> st.SearchStrategy[tuple[str, Attributes]]:
    runs = st.builds(lambda run_id, t: ("runs", run(run_id, t)), run_ids, st.sampled_from("tu"))
    threads = st.integers(0, 5).map(lambda n: ("threads", item(thread=f"p/{n}")))
    events = numbers.map(lambda n: ("run_events", item(run="r", seq=n)))
    return runs | threads | events


@st.composite
def items(draw: st.DrawFn) -> tuple[str, Attributes]:
    table, key = draw(keys())
    plain = draw(some(n=numbers, m=numbers, status=texts, flag=st.booleans(), nothing=st.none()))
    if table == "threads":
        plain |= draw(some(project_id=st.sampled_from("pq"), thread_id=run_ids))
    return table, key | item(**plain)


@st.composite
def conditions(draw: st.DrawFn, *, depth: int = 2) -> tuple[str, Attributes]:
    """An expression over n, m, status (as #s) and flag, and its values."""
    number, word = draw(numbers), draw(texts)
    low, high = sorted(draw(st.tuples(numbers, numbers)))
    simple = [
        ("attribute_exists(n)", {}),
        ("attribute_not_exists(flag)", {}),
        ("attribute_not_exists(thread)", {}),
        *((f"n {sign} :n", values(n=number)) for sign in ("=", "<>", "<", "<=", ">", ">=")),
        ("n BETWEEN :low AND :high", values(low=low, high=high)),
        ("m IN (:n, :low)", values(n=number, low=low)),
        ("flag = :flag", values(flag=True)),
        ("#s = :word", values(word=word)),
        ("#s < :word", values(word=word)),
        ("begins_with(#s, :word)", values(word=word)),
        # More than any of `texts` but one has, whether characters or bytes count.
        ("attribute_exists(#s) AND size(#s) >= :five", values(five=5)),
    ]
    expression, given = draw(st.sampled_from(simple))
    if depth and draw(st.booleans()):
        other, more = draw(conditions(depth=depth - 1))
        more = {name + "x": value for name, value in more.items()}
        other = " ".join(_renamed(word) for word in other.split(" "))
        word = draw(st.sampled_from(["AND", "OR", "AND NOT", "OR NOT"]))
        expression, given = f"{expression} {word} ({other})", given | more
    return expression, given


def _renamed(word: str) -> str:
    """The word with its placeholders for values made others."""
    bare = word.rstrip("),")
    return f"{bare}x{word[len(bare) :]}" if ":" in bare else word


@st.composite
def conditional(draw: st.DrawFn, always: bool = False) -> dict[str, Any]:
    if not always and draw(st.booleans()):
        return {}
    expression, given = draw(conditions())
    request: dict[str, Any] = {
        "ConditionExpression": expression,
        **draw(st.sampled_from([{}, SHOWN])),
    }
    return _with(request, expression, given)


def _with(request: dict[str, Any], expression: str, given: Attributes) -> dict[str, Any]:
    names = {"ExpressionAttributeNames": {"#s": "status"}} if "#s" in expression else {}
    return request | names | ({"ExpressionAttributeValues": given} if given else {})


@st.composite
def updates(draw: st.DrawFn) -> tuple[str, Attributes]:
    number, word = draw(numbers), draw(texts)
    sets = {
        "n": ("n = :new", values(new=number)),
        "m": ("m = if_not_exists(m, :zero) + :new", values(zero=0, new=number)),
        "flag": ("flag = :no", values(no=False)),
        "#s": ("#s = if_not_exists(#s, :text)", values(text=word)),
    }
    chosen = draw(st.lists(st.sampled_from(sorted(sets)), unique=True))
    given: Attributes = {}
    for name in chosen:
        given |= sets[name][1]
    clauses = [f"SET {', '.join(sets[name][0] for name in chosen)}"] if chosen else []
    left = [name for name in ("n", "m", "flag", "nothing") if name not in chosen]
    removed = draw(st.lists(st.sampled_from(left), unique=True))
    clauses += [f"REMOVE {', '.join(removed)}"] if removed else []
    if "n" not in chosen and "n" not in removed:
        clauses, given = [*clauses, "ADD n :sum"], given | values(sum=number)
    return " ".join(clauses), given


@st.composite
def writes(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    """A Put, Update, Delete or ConditionCheck."""
    if kind == "Put":
        table, written = draw(items())
        return {"TableName": table, "Item": written, **draw(conditional())}
    table, key = draw(keys())
    request = {"TableName": table, "Key": key}
    if kind != "Update":
        return request | draw(conditional(always=kind == "ConditionCheck"))
    expression, given = draw(updates())
    condition = draw(conditional())
    given |= condition.get("ExpressionAttributeValues", {})
    both = expression + condition.get("ConditionExpression", "")
    return _with(request | condition | {"UpdateExpression": expression}, both, given)


def single(kind: str, *returned: str) -> st.SearchStrategy[Operation]:
    back = st.sampled_from(["NONE", "ALL_OLD", *returned])
    return st.builds(
        lambda write, shown: (f"{kind}Item", {**write, "ReturnValues": shown}), writes(kind), back
    )


@st.composite
def transactions(draw: st.DrawFn) -> Operation:
    """With a token no item stands twice: which of two refusals comes first is nobody's promise."""
    kinds = st.sampled_from(["Put", "Update", "Delete", "ConditionCheck"])
    chosen = draw(st.lists(kinds, min_size=1, max_size=4))
    actions = [{kind: draw(writes(kind))} for kind in chosen]
    token = draw(st.sampled_from([None, "one", "two"]))
    if token is None:
        return "TransactWriteItems", {"TransactItems": actions}
    apart = {repr(_place(*action.values())): action for action in actions}
    request = {"TransactItems": list(apart.values()), "ClientRequestToken": token}
    return "TransactWriteItems", request


def _place(write: dict[str, Any]) -> tuple[str, Attributes]:
    table = write["TableName"]
    return table, write.get("Key") or key_of(table, write["Item"])


@st.composite
def batches(draw: st.DrawFn) -> Operation:
    requests: dict[str, dict[str, Any]] = {}
    for table, written in draw(st.lists(items(), min_size=1, max_size=5)):
        action = {"PutRequest": {"Item": written}}
        requests.setdefault(table, {})[repr(key_of(table, written))] = action
    for table, key in draw(st.lists(keys(), max_size=2)):
        requests.setdefault(table, {})[repr(key)] = {"DeleteRequest": {"Key": key}}
    asked = {table: list(actions.values()) for table, actions in requests.items()}
    return "BatchWriteItem", {"RequestItems": asked}


def key_of(table: str, written: Attributes) -> Attributes:
    (definition,) = (one for one in TABLES if one.name == table)
    names = [key.name for key in (definition.partition_key, definition.sort_key) if key]
    return {name: written[name] for name in names}


@st.composite
def reads(draw: st.DrawFn) -> Operation:
    wanted = draw(st.lists(keys(), min_size=1, max_size=5))
    if len(wanted) == 1:
        table, key = wanted[0]
        return "GetItem", {"TableName": table, "Key": key}
    asked: dict[str, Any] = {}
    for table, key in wanted:
        asked.setdefault(table, {"Keys": [], "ConsistentRead": True})["Keys"].append(key)
    return "BatchGetItem", {"RequestItems": asked}


@st.composite
def queries(draw: st.DrawFn) -> Operation:
    """Of all three tables and the index, with a range or a starting key, in both directions."""
    table, name, partition, sort = draw(
        st.sampled_from(
            [
                ("runs", "thread", "t", "run_id"),
                ("run_events", "run", "r", "seq"),
                ("threads", "project_id", "p", "thread_id"),
                ("threads", "thread", "p/1", ""),
            ]
        )
    )
    value, ends = attribute(partition), numbers if sort == "seq" else run_ids
    low, high = (attribute(end) for end in sorted([draw(ends), draw(ends)]))
    options = draw(some(Limit=st.integers(1, 4), ScanIndexForward=st.booleans()))
    expression, given = f"{name} = :partition", {":partition": value}
    ranges = [("", {}), (f" AND {sort} BETWEEN :from AND :to", {":from": low, ":to": high})]
    ranges += [
        (f" AND {sort} {sign} :from", {":from": low}) for sign in ("<", "<=", ">", ">=", "=")
    ]
    if sort != "seq":
        ranges.append((f" AND begins_with({sort}, :from)", {":from": low}))
    more, bounds = draw(st.sampled_from(ranges if sort else ranges[:1]))
    given |= bounds
    if name == "project_id":
        options["IndexName"] = "by_project"
    elif not more and sort and draw(st.booleans()):
        options["ExclusiveStartKey"] = {name: value, sort: low}
    options |= draw(st.sampled_from([{}, {"Select": "COUNT"}]))
    if name != "project_id" and draw(st.booleans()):
        # No filter on keys: the condition that names one is left out.
        wanted, filtered = draw(conditions().filter(lambda pair: "(thread)" not in pair[0]))
        options = _with({**options, "FilterExpression": wanted}, wanted, given | filtered)
        given = options["ExpressionAttributeValues"]
    request = {"TableName": table, "KeyConditionExpression": expression + more, **options}
    return "Query", {**request, "ExpressionAttributeValues": given}


operations = st.one_of(
    single("Put"),
    single("Update", "ALL_NEW"),
    single("Delete"),
    transactions(),
    batches(),
    reads(),
    queries(),
    queries(),
)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=not LONG,
    # A failure is read in the operation that it names; to shrink the others takes minutes.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(operations, min_size=OPERATIONS, max_size=OPERATIONS))
def test_the_emulator_and_moto_agree(operations: list[Operation]) -> None:
    """Whatever is put, changed, removed, read and queried, alone and in transactions."""
    with TemporaryDirectory() as folder, moto_client((RUNS, RUN_EVENTS, THREADS)) as client:
        emulator = DynamoDB(Path(folder) / "dynamodb.db", FakeClock(), TABLES)
        try:
            for operation, request in operations:
                here = on_emulator(emulator, operation, request)
                there = on_moto(client, operation, request)
                there |= _unseen(here, there, request)
                assert here == there, (operation, request)
            for table in ("runs", "threads"):
                assert _by_item(emulator_records(emulator, table)) == _by_item(moto_records(table))
        finally:
            emulator.close()


def on_emulator(emulator: DynamoDB, operation: str, request: dict[str, Any]) -> dict[str, Any]:
    try:
        return comparable(emulator.call(operation, request))
    except AwsError as error:
        return comparable({"Code": error.code, **error.fields})


def on_moto(client: "DynamoDBClient", operation: str, request: dict[str, Any]) -> dict[str, Any]:
    try:
        return comparable(getattr(client, METHODS[operation])(**request))
    except ClientError as error:
        response: Any = error.response
        return comparable({"Code": response["Error"]["Code"], **response})


def comparable(answer: dict[str, Any]) -> dict[str, Any]:
    """What an answer says, without its wording and without what only one of the two reports."""
    names = "Code Item Items Attributes Responses LastEvaluatedKey Count ScannedCount"
    said = {name: answer[name] for name in names.split() if name in answer}
    if "CancellationReasons" in answer:
        said["reasons"] = [(r["Code"], r.get("Item")) for r in answer["CancellationReasons"]]
    compared: dict[str, Any] = _by_number(said)
    return compared


def _by_number(said: Any) -> Any:
    """Numbers by their value: moto gives them back as they were written."""
    match said:
        case {"N": str(text)}:
            return Decimal(text)
        case dict():
            return {name: _by_number(value) for name, value in said.items()}
        case list() | tuple():
            return [_by_number(value) for value in said]
    return said


def _unseen(here: dict[str, Any], there: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
    """The last key of a page that is full where its range ends: moto's known fault."""
    full = here.get("ScannedCount") == request.get("Limit")
    at_the_end = full and "LastEvaluatedKey" not in there and "LastEvaluatedKey" in here
    return {"LastEvaluatedKey": here["LastEvaluatedKey"]} if at_the_end else {}


def emulator_records(emulator: DynamoDB, table: str) -> list[Any]:
    return [_told(record.document) for record in emulator.records(table, 0, 10_000)]


def moto_records(table: str) -> list[Any]:
    (backend,) = (regions["us-east-1"] for regions in dynamodb_backends.values())
    return [_told(record.to_json()) for record in backend.tables[table].stream_shard.items]


def _by_item(records: list[Any]) -> dict[str, list[Any]]:
    """The records of each item, in their order: between items a batch promises none."""
    found: dict[str, list[Any]] = {}
    for record in records:
        found.setdefault(json.dumps(record[2], sort_keys=True), []).append(record)
    return found


def _told(document: dict[str, Any]) -> tuple[Any, ...]:
    change = document["dynamodb"]
    images = (change["Keys"], change.get("OldImage"), change.get("NewImage"))
    return document["eventName"], change["StreamViewType"], *_by_number(images)
