"""Where an item lies: its keys, checked against the table, as bytes that sort as keys do."""

from collections.abc import Mapping
from typing import Any

from infra.local.aws.aws_error import AwsError
from infra.local.aws.dynamodb.values import (
    Attribute,
    AttributeMap,
    Invalid,
    canonical_item,
    key_bytes,
    kind,
)
from threadkeep.store.tables import Index, Key, Table

# The encoded partition key and sort key. A table without a sort key has an empty one.
Position = tuple[bytes, bytes]

_LIMITS = (2048, 1024)


class Mismatch(Invalid):
    """A key that does not fit the table's definition. In a transaction, a reason to cancel it."""


def find(tables: Mapping[str, Table], name: str) -> Table:
    if name not in tables:
        raise AwsError("ResourceNotFoundException", "Requested resource not found")
    return tables[name]


def schema(table: Table | Index) -> tuple[Key, ...]:
    return (table.partition_key, table.sort_key) if table.sort_key else (table.partition_key,)


def of_item(table: Table | Index, item: AttributeMap) -> Position:
    found = [b"", b""]
    for place, key in enumerate(schema(table)):
        if key.name not in item or kind(item[key.name]) != key.type:
            raise Mismatch(f"Missing or type mismatch for key {key.name} expected: {key.type}")
        found[place] = encode(key, item[key.name], place)
    return found[0], found[1]


def of_key(table: Table, key: Mapping[str, Any]) -> tuple[AttributeMap, Position]:
    """A request's Key, which has the key attributes and no other."""
    if {name: next(iter(value), "") for name, value in key.items()} != {
        part.name: part.type for part in schema(table)
    }:
        raise Mismatch("The provided key element does not match the schema")
    item = canonical_item(key)
    return item, of_item(table, item)


def in_index(index: Index | None, item: AttributeMap) -> Position | None:
    """Where the index holds the item. One that lacks a key attribute of the index is not in it."""
    if index is None:
        return None
    present = {key.name for key in schema(index)} & item.keys()
    whole = {key.name: item.get(key.name, {key.type: "0"}) for key in schema(index)}
    position = of_item(index, whole)
    return position if len(present) == len(whole) else None


def encode(key: Key, value: Attribute, place: int) -> bytes:
    """`place` is 0 for a partition key, 1 for a sort key."""
    encoded = key_bytes(value)
    if not encoded or (key.type == "S" and len(encoded) > _LIMITS[place]):
        raise Invalid(
            f"The AttributeValue for a key attribute cannot contain an empty string value "
            f"nor exceed the size limit of {_LIMITS[place]} bytes. Key: {key.name}"
        )
    return encoded
