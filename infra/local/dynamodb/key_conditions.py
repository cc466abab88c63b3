"""Key conditions: an expression becomes one partition and one range of the sort key.

A range is half open, [low, high), over encoded keys: the next key after `x` is `x` and a zero byte.
"""

from typing import NamedTuple

from infra.local.dynamodb.conditions import ORDERS, check_operands
from infra.local.dynamodb.expressions import Expression, Placeholders
from infra.local.dynamodb.keys import encode
from infra.local.dynamodb.values import Invalid, Value, kind
from threadkeep.store.tables import Key

_NEXT = b"\x00"


class KeyRange(NamedTuple):
    partition: bytes
    low: bytes = b""
    high: bytes = b"\xff"


def key_range(text: str, placeholders: Placeholders, schema: tuple[Key, ...]) -> KeyRange:
    parser = _KeyConditions(text, placeholders)
    parser.schema = {key.name: (place, key) for place, key in enumerate(schema)}
    ranges = parser.ranges()
    partition, *sort = (ranges.get(key.name) for key in schema)
    if partition is None or partition[1] != partition[0] + _NEXT:
        raise Invalid(f"Query condition missed key schema element: {schema[0].name}")
    return KeyRange(partition[0], *((sort and sort[0]) or ()))


class _KeyConditions(Expression):
    """Conditions joined by AND, one for each key attribute."""

    schema: dict[str, tuple[int, Key]]

    def ranges(self) -> dict[str, tuple[bytes, bytes]]:
        found = [self._one()]
        while self.accept("AND"):
            found.append(self._one())
        self.expect("<EOF>")
        if len(dict(found)) < len(found):
            raise Invalid("KeyConditionExpressions must only contain one condition per key")
        return dict(found)

    def _one(self) -> tuple[str, tuple[bytes, bytes]]:
        if self.function("begins_with"):
            return self.arguments(self._begins_with)
        name = self.attribute()
        operator = self.accept("=", "BETWEEN", *ORDERS)
        if not operator:
            raise Invalid(f"Invalid operator used in KeyConditionExpression: {self.peek()}")
        first = last = self.value()
        if operator == "BETWEEN":
            self.expect("AND")
            last = self.value()
        check_operands(operator, first, last)
        low, high = self._encode(name, first), self._encode(name, last)
        return name, {
            "<": (b"", high),
            "<=": (b"", high + _NEXT),
            ">": (low + _NEXT, b"\xff"),
            ">=": (low, b"\xff"),
        }.get(operator, (low, high + _NEXT))

    def _begins_with(self) -> tuple[str, tuple[bytes, bytes]]:
        name = self.attribute()
        self.expect(",")
        prefix = self.value()
        check_operands("begins_with", prefix)
        low = self._encode(name, prefix)
        return name, (low, low[:-1] + bytes([low[-1] + 1]))

    def _encode(self, name: str, value: Value) -> bytes:
        if name not in self.schema:
            raise Invalid(f"Query key condition not supported: {name}")
        place, key = self.schema[name]
        if kind(value) != key.type:
            raise Invalid("Condition parameter type does not match schema type")
        return encode(key, value, place)
