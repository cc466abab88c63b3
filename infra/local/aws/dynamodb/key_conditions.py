"""Key conditions: an expression becomes one partition and one range of the sort key.

A range is half open, [low, high), over encoded keys: the next key after `x` is `x` and a zero byte,
and no key has a byte 0xFF but a negative number at its end.
"""

from typing import NamedTuple

from infra.local.aws.dynamodb.conditions import ORDERS, check_operands
from infra.local.aws.dynamodb.expressions import Expression, GivenPlaceholders
from infra.local.aws.dynamodb.keys import encode
from infra.local.aws.dynamodb.values import Attribute, Invalid, kind
from threadkeep.store.tables import Key

_NEXT = b"\x00"


class KeyRange(NamedTuple):
    partition: bytes
    low: bytes = b""
    high: bytes = b"\xff"


def key_range(text: str, placeholders: GivenPlaceholders, schema: tuple[Key, ...]) -> KeyRange:
    expression = Expression(text, placeholders)
    found = [_condition(expression, schema)]
    while expression.accept("AND"):
        found.append(_condition(expression, schema))
    expression.expect("<EOF>")
    ranges = dict(found)
    if len(ranges) < len(found):
        raise Invalid("KeyConditionExpressions must only contain one condition per key")
    partition, *sort = (ranges.get(place) for place in range(len(schema)))
    if partition is None:
        raise Invalid(f"Query condition missed key schema element: {schema[0].name}")
    return KeyRange(partition[0], *((sort and sort[0]) or ()))


def _condition(expression: Expression, schema: tuple[Key, ...]) -> tuple[int, tuple[bytes, bytes]]:
    """The place of the key, 0 for the partition's, and the range of its values."""
    if operator := expression.function("begins_with"):
        name, prefix = expression.arguments(lambda: _name_and_value(expression))
        values = [prefix]
    else:
        name = expression.attribute()
        operator = expression.accept("=", "BETWEEN", *ORDERS)
        values = [expression.value()]
        if operator == "BETWEEN":
            expression.expect("AND")
            values.append(expression.value())
    check_operands(operator, *values)
    place = next((place for place, key in enumerate(schema) if key.name == name), None)
    if place is None or not operator or (place == 0 and operator != "="):
        raise Invalid(f"Query key condition not supported: {name}")
    if {kind(value) for value in values} != {schema[place].type}:
        raise Invalid("Condition parameter type does not match schema type")
    first, *_, last = (encode(schema[place], value, place) for value in [values[0], *values])
    return place, {
        "<": (b"", last),
        "<=": (b"", last + _NEXT),
        ">": (first + _NEXT, b"\xff"),
        ">=": (first, b"\xff"),
        "begins_with": (first, first + b"\xff"),
    }.get(operator, (first, last + _NEXT))


def _name_and_value(expression: Expression) -> tuple[str, Attribute]:
    name = expression.attribute()
    expression.expect(",")
    return name, expression.value()
