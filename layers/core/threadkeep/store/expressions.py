"""Conditions and updates as values, so that no placeholder is ever written by hand.

Every name goes through `#names` (reserved words), every value through `:values`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Value = str | int | bool


@dataclass(frozen=True)
class Add:
    """A change of a number by so much, whatever it is."""

    number: int


Change = Value | Add | None


class Placeholders:
    """The names and values of one request."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.values: dict[str, Value] = {}

    def name(self, attribute: str) -> str:
        placeholder = f"#{attribute}"
        self.names[placeholder] = attribute
        return placeholder

    def value(self, value: Value) -> str:
        placeholder = f":v{len(self.values)}"
        self.values[placeholder] = value
        return placeholder


Condition = Callable[[Placeholders], str]


def exists(attribute: str) -> Condition:
    return lambda to: f"attribute_exists({to.name(attribute)})"


def absent(attribute: str) -> Condition:
    return lambda to: f"attribute_not_exists({to.name(attribute)})"


def equal(attribute: str, value: Value) -> Condition:
    return lambda to: f"{to.name(attribute)} = {to.value(value)}"


def below(attribute: str, value: Value) -> Condition:
    return lambda to: f"{to.name(attribute)} < {to.value(value)}"


def at_most(attribute: str, value: Value) -> Condition:
    return lambda to: f"{to.name(attribute)} <= {to.value(value)}"


def above(attribute: str, value: Value) -> Condition:
    return lambda to: f"{to.name(attribute)} > {to.value(value)}"


def between(attribute: str, low: Value, high: Value) -> Condition:
    """From `low` to `high`, both included."""
    return lambda to: f"{to.name(attribute)} BETWEEN {to.value(low)} AND {to.value(high)}"


def one_of(attribute: str, values: Sequence[Value]) -> Condition:
    return lambda to: f"{to.name(attribute)} IN ({', '.join(map(to.value, values))})"


def both(*conditions: Condition) -> Condition:
    return lambda to: " AND ".join(condition(to) for condition in conditions)


def either(*conditions: Condition) -> Condition:
    return lambda to: f"({' OR '.join(condition(to) for condition in conditions)})"


def update(to: Placeholders, changes: Mapping[str, Change]) -> str:
    """An UpdateExpression: a value is set, `Add` counts, None removes the attribute."""
    clauses: dict[str, list[str]] = {"SET": [], "ADD": [], "REMOVE": []}
    for name, change in changes.items():
        if change is None:
            clauses["REMOVE"].append(to.name(name))
        elif isinstance(change, Add):
            clauses["ADD"].append(f"{to.name(name)} {to.value(change.number)}")
        else:
            clauses["SET"].append(f"{to.name(name)} = {to.value(change)}")
    return " ".join(f"{word} {', '.join(parts)}" for word, parts in clauses.items() if parts)
