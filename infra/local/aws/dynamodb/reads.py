"""GetItem, BatchGetItem, Query. A read sees every write acknowledged before it began."""

import json
import sys
from collections.abc import Iterable, Mapping
from contextlib import closing
from typing import Any

from infra.local.aws.aws_error import Unsupported
from infra.local.aws.dynamodb import keys, storage
from infra.local.aws.dynamodb.conditions import condition
from infra.local.aws.dynamodb.expressions import GivenPlaceholders, projection
from infra.local.aws.dynamodb.key_conditions import KeyRange, key_range
from infra.local.aws.dynamodb.values import AttributeMap, Invalid, canonical_item, item_size
from threadkeep.store.tables import Index, Table

_LARGEST_BATCH = 16 * 1024 * 1024
_LARGEST_PAGE = 1024 * 1024
_MOST_KEYS = 100
# Keys of an index are not unique, so the row after which a page begins is compared whole.
_ROWS = """SELECT item FROM items WHERE name = ? AND {partition} = ?
    AND {sort} >= ? AND {sort} < ? AND ({sort}, partition_key, sort_key) {beyond} (?, ?, ?)
    ORDER BY {sort} {order}, partition_key {order}, sort_key {order}"""

ReadRequest = Mapping[str, Any]


class Reads:
    def __init__(self, database: storage.Storage, tables: Mapping[str, Table]) -> None:
        self._database = database
        self._tables = tables

    def get_item(self, request: ReadRequest) -> dict[str, Any]:
        (item,) = self._load(request["TableName"], {**request, "Keys": [request["Key"]]})
        return {} if item is None else {"Item": item}

    def batch_get_item(self, request: ReadRequest) -> dict[str, Any]:
        """Keys for which there is no room in 16 MB are given back."""
        asked = request["RequestItems"]
        if not 1 <= sum(len(wanted["Keys"]) for wanted in asked.values()) <= _MOST_KEYS:
            raise Invalid("Too many items requested for the BatchGetItem call")
        answer: dict[str, Any] = {
            "Responses": {table: [] for table in asked},
            "UnprocessedKeys": {},
        }
        size = 0
        for table, wanted in asked.items():
            for key, item in zip(wanted["Keys"], self._load(table, wanted), strict=True):
                size += item_size(item or {})
                if size > _LARGEST_BATCH:
                    left = answer["UnprocessedKeys"].setdefault(table, {**wanted, "Keys": []})
                    left["Keys"].append(key)
                elif item is not None:
                    answer["Responses"][table].append(item)
        return answer

    def describe_table(self, request: ReadRequest) -> dict[str, Any]:
        table = keys.find(self._tables, request["TableName"])
        parts = zip(keys.schema(table), ("HASH", "RANGE"), strict=False)
        schema = [{"AttributeName": key.name, "KeyType": role} for key, role in parts]
        return {"Table": {"TableName": table.name, "TableStatus": "ACTIVE", "KeySchema": schema}}

    def query(self, request: ReadRequest) -> dict[str, Any]:
        table = keys.find(self._tables, request["TableName"])
        index = _index(table, request)
        schema = keys.schema(index or table)
        placeholders = GivenPlaceholders(request)
        span = key_range(request["KeyConditionExpression"], placeholders, schema)
        key_names = {key.name for key in schema}
        passes = condition(request.get("FilterExpression"), placeholders, key_names)
        shown = projection(request.get("ProjectionExpression"), placeholders)
        placeholders.check_all_used()
        cursor = list(key_names | {key.name for key in keys.schema(table)})
        if index and not set(shown or ()) <= set(cursor):
            raise Invalid(f"The index {index.name} does not project all these attributes")
        page, ended = self._page(
            _rows(table, index, span, request), cursor if index else None, request
        )
        found = [_project(item, shown) for item in page if passes(item)]
        answer: dict[str, Any] = {"Count": len(found), "ScannedCount": len(page)}
        if "Select" not in request:
            answer["Items"] = found
        elif request["Select"] != "COUNT":
            raise Unsupported(f"Select {request['Select']}")
        if not ended:
            answer["LastEvaluatedKey"] = _project(page[-1], cursor)
        return answer

    def _page(
        self, statement: tuple[str, tuple[Any, ...]], held: list[str] | None, request: ReadRequest
    ) -> tuple[list[AttributeMap], bool]:
        """Items up to the limit or 1 MB, and whether the rows ended before.

        A page that is full has a LastEvaluatedKey even when nothing follows: nobody has looked.
        """
        limit = request.get("Limit", sys.maxsize)
        if limit < 1:
            raise Invalid("Limit must have value greater than or equal to 1")
        page: list[AttributeMap] = []
        size = 0
        with (
            self._database.reading() as connection,
            closing(connection.execute(*statement)) as rows,
        ):
            for (text,) in rows:
                item = _project(json.loads(text), held)
                size += item_size(item)
                if page and size > _LARGEST_PAGE:
                    return page, False
                page.append(item)
                if len(page) == limit:
                    return page, False
        return page, True

    def _load(self, name: str, request: ReadRequest) -> list[AttributeMap | None]:
        table = keys.find(self._tables, name)
        placeholders = GivenPlaceholders(request)
        shown = projection(request.get("ProjectionExpression"), placeholders)
        placeholders.check_all_used()
        positions = [keys.of_key(table, key)[1] for key in request["Keys"]]
        if len(set(positions)) < len(positions):
            raise Invalid("Provided list of item keys contains duplicates")
        with self._database.reading() as connection:
            found = [storage.load(connection, table, position) for position in positions]
        return [item and _project(item, shown) for item in found]


def _rows(
    table: Table, index: Index | None, span: KeyRange, request: ReadRequest
) -> tuple[str, tuple[Any, ...]]:
    """The statement that reads on from the starting key, and its parameters."""
    forward = request.get("ScanIndexForward", True)
    after = (b"", b"", b"") if forward else (span.high, b"", b"")
    if "ExclusiveStartKey" in request:
        after = _start(table, index, span, canonical_item(request["ExclusiveStartKey"]))
        begun = {"low": after[0]} if forward else {"high": after[0] + b"\x00"}
        span = span._replace(**begun)
    statement = _ROWS.format(
        partition="index_partition" if index else "partition_key",
        sort="index_sort" if index else "sort_key",
        beyond=">" if forward else "<",
        order="ASC" if forward else "DESC",
    )
    return statement, (table.name, *span, *after)


def _index(table: Table, request: ReadRequest) -> Index | None:
    name = request.get("IndexName")
    if name is None:
        return None
    if table.index is None or table.index.name != name:
        raise Invalid(f"The table does not have the specified index: {name}")
    if request.get("ConsistentRead"):
        raise Invalid("Consistent reads are not supported on global secondary indexes")
    return table.index


def _start(
    table: Table, index: Index | None, span: KeyRange, item: AttributeMap
) -> tuple[bytes, bytes, bytes]:
    position = keys.of_item(table, item)
    partition, sort = keys.of_item(index, item) if index else position
    if item.keys() != {key.name for key in (*keys.schema(table), *keys.schema(index or table))}:
        raise Invalid("The provided starting key is invalid")
    if partition != span.partition or not span.low <= sort < span.high:
        raise Invalid("The provided starting key does not match the range key predicate")
    return (sort, *position)


def _project(item: AttributeMap, names: Iterable[str] | None) -> AttributeMap:
    return item if names is None else {name: item[name] for name in names if name in item}
