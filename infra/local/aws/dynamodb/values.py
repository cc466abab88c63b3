"""Attribute values as DynamoDB keeps them, in the JSON protocol's form: {"S": "text"}, {"N": "12"}.

Each value passes `canonical` once; from then on equal values are equal dicts.
"""

import base64
import re
from collections.abc import Callable, Mapping
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow, Subnormal
from typing import Any

from infra.local.aws.aws_error import AwsError, Unsupported

Attribute = dict[str, Any]
AttributeMap = dict[str, Attribute]

_TRAPS = [Inexact, InvalidOperation, Overflow, Subnormal]
_NUMBERS = Context(prec=38, Emin=-130, Emax=125, traps=_TRAPS)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)


class Invalid(AwsError):
    """What DynamoDB refuses."""

    def __init__(self, message: str) -> None:
        super().__init__("ValidationException", message)


def kind(value: Attribute) -> str:
    return next(iter(value))


def canonical(value: Mapping[str, Any]) -> Attribute:
    """The value, checked, in the one form that equal values share."""
    name, content = next(iter(value.items()), ("", None)) if len(value) == 1 else ("", None)
    try:
        match name, content:
            case "S", str() if content.encode() is not None:
                return {"S": content}
            case "N", str() if _NUMBER.fullmatch(content):
                return {"N": _text(_NUMBERS.create_decimal(content))}
            case "B", str():
                return {"B": base64.b64encode(base64.b64decode(content, validate=True)).decode()}
            case ("BOOL", bool()) | ("NULL", True):
                return {name: content}
            case (("M" | "L" | "SS" | "NS" | "BS"), _):
                raise Unsupported(f"attributes of type {name}")
    except (ValueError, ArithmeticError):
        pass  # no text in Unicode, no base64, more than 38 digits or out of range
    raise Invalid("One or more parameter values were invalid: a value is malformed or out of range")


def canonical_item(item: Mapping[str, Any]) -> AttributeMap:
    return {name: canonical(value) for name, value in item.items()}


def add(left: Attribute, right: Attribute, operator: str = "+") -> Attribute:
    if kind(left) != "N" or kind(right) != "N":
        raise Invalid("An operand in the update expression has an incorrect data type")
    calculate = _NUMBERS.add if operator == "+" else _NUMBERS.subtract
    try:
        return {"N": _text(calculate(Decimal(left["N"]), Decimal(right["N"])))}
    except ArithmeticError:
        raise Invalid(
            "Number overflow: the result has too many digits or is out of range"
        ) from None


def sortable(value: Attribute) -> Any:
    """What an S, N or B compares by. The order of code points is the order of UTF-8."""
    kinds: dict[str, Callable[[str], Any]] = {"S": str, "N": Decimal, "B": base64.b64decode}
    return kinds[kind(value)](value[kind(value)])


def size(value: Attribute) -> int:
    """Bytes that count against the limits of items, pages and transactions."""
    text = str(value[kind(value)])
    match kind(value):
        case "S":
            return len(text.encode())
        case "N":
            digits = text.strip("-0").replace(".", "").strip("0")
            return 1 + (len(digits) + 1) // 2 + text.startswith("-") + ("." in text)
        case "B":
            return len(text) // 4 * 3 - text.count("=")
    return 1


def item_size(item: AttributeMap) -> int:
    return sum(len(name.encode()) + size(value) for name, value in item.items())


def key_bytes(value: Attribute) -> bytes:
    """Bytes that sort as the S or N keys of one attribute do."""
    if kind(value) == "S":
        return str(value["S"]).encode()
    number = Decimal(value["N"]).normalize(_NUMBERS)
    digits = "".join(map(str, number.as_tuple().digits))
    magnitude = f"{number.adjusted() + 200:03d}{digits}".encode()
    if number > 0:
        return b"2" + magnitude
    return b"0" + bytes(0xFF - byte for byte in magnitude) + b"\xff" if number else b"1"


def _text(number: Decimal) -> str:
    """All digits and no exponent, as DynamoDB gives numbers back."""
    return format(number.normalize(_NUMBERS), "f") if number else "0"
