"""Updates: an expression becomes a function from an item to the changed item.

All parts of an update read the item as it was before.
"""

from collections.abc import Callable, Collection

from infra.local.aws.aws_error import Unsupported
from infra.local.aws.dynamodb.expressions import Expression, GivenPlaceholders
from infra.local.aws.dynamodb.values import Attribute, AttributeMap, Invalid, add, kind

_Term = Callable[[AttributeMap], Attribute]


def update(
    text: str | None, placeholders: GivenPlaceholders, key_names: Collection[str]
) -> Callable[[AttributeMap], AttributeMap]:
    if text is None:
        return lambda item: item
    parser = _Updates(text, placeholders)
    parser.clauses()
    targets = [*parser.removed, *(name for name, _ in parser.assigned)]
    if len(set(targets)) < len(targets):
        raise Invalid("Invalid UpdateExpression: Two document paths overlap with each other")
    if not set(targets).isdisjoint(key_names):
        raise Invalid("Cannot update attribute. This attribute is part of the key")

    def change(item: AttributeMap) -> AttributeMap:
        kept = {name: value for name, value in item.items() if name not in parser.removed}
        return kept | {name: term(item) for name, term in parser.assigned}

    return change


class _Updates(Expression):
    """Reads SET, REMOVE and ADD, each at most once."""

    def __init__(self, text: str, placeholders: GivenPlaceholders) -> None:
        super().__init__(text, placeholders)
        self.assigned: list[tuple[str, _Term]] = []
        self.removed: list[str] = []

    def clauses(self) -> None:
        left = {"SET", "REMOVE", "ADD", "DELETE"}
        while clause := self.accept(*left):
            left.remove(clause)
            match clause:
                case "SET":
                    self.assigned += self.several(self._assignment)
                case "ADD":
                    self.assigned += self.several(self._addition)
                case "REMOVE":
                    self.removed += self.several(self.attribute)
                case _:
                    raise Unsupported("DELETE in an update expression")
        self.expect("<EOF>")

    def _assignment(self) -> tuple[str, _Term]:
        target = self.attribute()
        self.expect("=")
        left = self._term()
        operator = self.accept("+", "-")
        if not operator:
            return target, left
        right = self._term()
        return target, lambda item: add(left(item), right(item), operator)

    def _addition(self) -> tuple[str, _Term]:
        target, amount = self.attribute(), self.value()
        if kind(amount) != "N":
            raise Invalid(f"Incorrect operand type; operator: ADD, type: {kind(amount)}")
        return target, lambda item: add(item.get(target, {"N": "0"}), amount)

    def _term(self) -> _Term:
        if self.is_value():
            value = self.value()
            return lambda _: value
        if self.function("if_not_exists"):
            return self.arguments(self._if_not_exists)
        name = self.attribute()

        def existing(item: AttributeMap) -> Attribute:
            if name not in item:
                raise Invalid(
                    "The expression refers to an attribute that does not exist in the item"
                )
            return item[name]

        return existing

    def _if_not_exists(self) -> _Term:
        name = self.attribute()
        self.expect(",")
        default = self._term()
        return lambda item: item[name] if name in item else default(item)
