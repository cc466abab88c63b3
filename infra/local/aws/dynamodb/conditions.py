"""Conditions and filters: an expression becomes a predicate on items.

A missing attribute, or one of another type, fails every comparison but `<>`. What no item could
satisfy is refused before any item is read.
"""

import operator as operators
from collections.abc import Callable, Collection
from typing import Any

from infra.local.aws.dynamodb.expressions import Expression, GivenPlaceholders
from infra.local.aws.dynamodb.values import Attribute, AttributeMap, Invalid, kind, size, sortable

Predicate = Callable[[AttributeMap], bool]
Operand = Callable[[AttributeMap], Attribute | None]

ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operators.lt,
    "<=": operators.le,
    ">": operators.gt,
    ">=": operators.ge,
}


def condition(
    text: str | None, placeholders: GivenPlaceholders, forbidden: Collection[str] = ()
) -> Predicate:
    if text is None:
        return lambda _: True
    parser = _Conditions(text, placeholders, forbidden)
    try:
        predicate = parser.disjunction()
    except RecursionError:
        raise Invalid("Invalid expression: The expression is nested too deeply") from None
    parser.expect("<EOF>")
    return predicate


def check_operands(operator: str, *operands: Attribute | None) -> None:
    """Values of a request must be able to satisfy the operator."""
    given = [operand for operand in operands if operand is not None]
    for operand in given:
        if kind(operand) not in ("SB" if operator == "begins_with" else "SNB"):
            raise Invalid(f"Incorrect operand type; operator: {operator}, type: {kind(operand)}")
    if operator == "BETWEEN" and given[1:]:
        low, high = given
        if kind(low) != kind(high) or sortable(low) > sortable(high):
            raise Invalid("The BETWEEN operator requires upper bound to be at least lower bound")


class _Conditions(Expression):
    """Recursive descent; each method returns the predicate of what it read."""

    _last_group = (0, 0)

    def disjunction(self) -> Predicate:
        parts = [self._conjunction()]
        while self.accept("OR"):
            parts.append(self._conjunction())
        return lambda item: any(part(item) for part in parts)

    def _conjunction(self) -> Predicate:
        parts = [self._negation()]
        while self.accept("AND"):
            parts.append(self._negation())
        return lambda item: all(part(item) for part in parts)

    def _negation(self) -> Predicate:
        if self.accept("NOT"):
            negated = self._negation()
            return lambda item: not negated(item)
        return self._group() if self.peek() == "(" else self._predicate()

    def _group(self) -> Predicate:
        start = self._at
        predicate = self.arguments(self.disjunction)
        if self._last_group == (start + 1, self._at - 1):
            raise Invalid("Invalid expression: The expression has redundant parentheses")
        self._last_group = (start, self._at)
        return predicate

    def _predicate(self) -> Predicate:
        match self.function("attribute_exists", "attribute_not_exists", "begins_with", "size"):
            case "attribute_exists":
                present = self.arguments(self.attribute)
                return lambda item: present in item
            case "attribute_not_exists":
                absent = self.arguments(self.attribute)
                return lambda item: absent not in item
            case "begins_with":
                return self.arguments(self._begins_with)
            case "size":
                return self._comparison(self._size())
        return self._comparison(self._operand())

    def _begins_with(self) -> Predicate:
        subject = self._operand()
        self.expect(",")
        prefix = self._operand()
        check_operands("begins_with", subject({}), prefix({}))
        return lambda item: _compare(
            lambda whole, start: whole.startswith(start), subject(item), prefix(item)
        )

    def _comparison(self, left: Operand) -> Predicate:
        operator = self.accept("=", "<>", "IN", "BETWEEN", *ORDERS)
        match operator:
            case "":
                raise self.error()
            case "IN":
                options = self.arguments(lambda: self.several(self._operand))
                return lambda item: any(_equal(left(item), option(item)) for option in options)
            case "BETWEEN":
                return self._between(left)
        right = self._operand()
        if operator == "=":
            return lambda item: _equal(left(item), right(item))
        if operator == "<>":
            return lambda item: left(item) != right(item)
        check_operands(operator, left({}), right({}))
        return lambda item: _compare(ORDERS[operator], left(item), right(item))

    def _between(self, subject: Operand) -> Predicate:
        low = self._operand()
        self.expect("AND")
        high = self._operand()
        check_operands("BETWEEN", low({}), high({}))
        return lambda item: (
            _compare(operators.ge, subject(item), low(item))
            and _compare(operators.le, subject(item), high(item))
        )

    def _operand(self) -> Operand:
        if self.is_value():
            value = self.value()
            return lambda _: value
        if self.function("size"):
            return self._size()
        name = self.attribute()
        return lambda item: item.get(name)

    def _size(self) -> Operand:
        name = self.arguments(self.attribute)

        def measured(item: AttributeMap) -> Attribute | None:
            value = item.get(name, {"NULL": True})
            return {"N": str(size(value))} if kind(value) in "SB" else None

        return measured


def _equal(left: Attribute | None, right: Attribute | None) -> bool:
    return left is not None and left == right


def _compare(
    holds: Callable[[Any, Any], bool], left: Attribute | None, right: Attribute | None
) -> bool:
    if left is None or right is None or kind(left) != kind(right) or kind(left) not in "SNB":
        return False
    return holds(sortable(left), sortable(right))
