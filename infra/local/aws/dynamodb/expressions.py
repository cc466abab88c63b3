"""What all expressions are made of: tokens, attribute names, and the placeholders of a request."""

import re
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from infra.local.aws.aws_error import Unsupported
from infra.local.aws.dynamodb.values import Attribute, Invalid, canonical_item

RESERVED_WORDS = frozenset(Path(__file__).with_name("reserved_words.txt").read_text().split())
# Further ones, also those that would change nothing here, are refused by name.
_PARAMETERS = frozenset(
    re.findall(
        r"\w+",
        """TableName Key Keys Item RequestItems TransactItems ClientRequestToken ConsistentRead
        IndexName KeyConditionExpression FilterExpression ProjectionExpression ConditionExpression
        UpdateExpression ExpressionAttributeNames ExpressionAttributeValues ExclusiveStartKey Limit
        ScanIndexForward Select ReturnValues ReturnValuesOnConditionCheckFailure""",
    )
)
_LONGEST = 4096
_TOKEN = re.compile(
    r"\s*(?:(?P<word>[A-Za-z]\w*)|(?P<name>#\w+)|(?P<value>:\w+)"
    r"|(?P<sign><>|<=|>=|[=<>(),+\-.\[\]])|(?P<digits>\d+))\s*",
    re.ASCII,
)

T = TypeVar("T")


def check_parameters(request: Mapping[str, Any]) -> None:
    if not request.keys() <= _PARAMETERS:
        raise Unsupported(f"the parameters {sorted(request.keys() - _PARAMETERS)}")


class Token(NamedTuple):
    kind: str
    text: str


@lru_cache(1024)
def tokens(text: str) -> tuple[Token, ...]:
    if not text.strip() or len(text.encode()) > _LONGEST:
        raise Invalid("Invalid expression: The expression can not be empty, nor exceed 4 KB")
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if not match or not match.lastgroup:
            raise Invalid(f'Invalid expression: Syntax error; token: "{text[at : at + 10]}"')
        found.append(Token(match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return (*found, Token("end", "<EOF>"), Token("end", "<EOF>"))


class GivenPlaceholders:
    """What a request's #names and :values stand for. All are used, and all used are given."""

    def __init__(self, request: Mapping[str, Any]) -> None:
        check_parameters(request)
        self._names: Mapping[str, str] = request.get("ExpressionAttributeNames", {})
        self._values = canonical_item(request.get("ExpressionAttributeValues", {}))
        self._unused = {*self._names, *self._values}
        if {} in (request.get(f"ExpressionAttribute{part}") for part in ("Names", "Values")):
            raise Invalid("ExpressionAttributeNames and -Values must not be empty")

    def name(self, token: str) -> str:
        return self._look_up(token, self._names) if token.startswith("#") else token

    def value(self, token: str) -> Attribute:
        return self._look_up(token, self._values)

    def check_all_used(self) -> None:
        if self._unused:
            unused = ", ".join(sorted(self._unused))
            raise Invalid(f"Names or values provided are unused in expressions: keys: {{{unused}}}")

    def _look_up(self, token: str, given: Mapping[str, T]) -> T:
        if token not in given:
            raise Invalid(f"A name or value used in an expression is not defined: {token}")
        self._unused.discard(token)
        return given[token]


class Expression:
    """A cursor over tokens. Keywords stand in any case. `forbidden` attributes may not be named."""

    def __init__(
        self, text: str, placeholders: GivenPlaceholders, forbidden: Collection[str] = ()
    ) -> None:
        self._tokens = tokens(text)
        self._at = 0
        self._placeholders = placeholders
        self._forbidden = forbidden

    def peek(self, ahead: int = 0) -> str:
        return self._tokens[self._at + ahead].text

    def accept(self, *texts: str) -> str:
        text = self.peek().upper()
        if text not in texts:
            return ""
        self._at += 1
        return text

    def expect(self, text: str) -> None:
        if not self.accept(text):
            raise self.error()

    def error(self) -> Invalid:
        return Invalid(f'Invalid expression: Syntax error; token: "{self.peek()}"')

    def attribute(self) -> str:
        """A top-level attribute's name, resolved."""
        token = self._take("word", "name")
        if token.upper() in RESERVED_WORDS:
            raise Invalid(f"Attribute name is a reserved keyword; reserved keyword: {token}")
        if self.peek() in (".", "["):
            raise Unsupported("document paths")
        name = self._placeholders.name(token)
        if name in self._forbidden:
            raise Invalid(f"A key attribute cannot stand here: {name}")
        return name

    def is_value(self) -> bool:
        return self._tokens[self._at].kind == "value"

    def value(self) -> Attribute:
        return self._placeholders.value(self._take("value"))

    def function(self, *known: str) -> str:
        """The name of the function called here, taken, or nothing."""
        name = self.peek()
        if self._tokens[self._at].kind != "word" or self.peek(1) != "(" or name.upper() == "IN":
            return ""
        if name in ("contains", "attribute_type", "list_append"):
            raise Unsupported(f"the function {name}")
        if name not in known:
            raise Invalid(f"Invalid expression: Invalid function name; function: {name}")
        self._at += 1
        return name

    def arguments(self, inside: Callable[[], T]) -> T:
        self.expect("(")
        found = inside()
        self.expect(")")
        return found

    def several(self, one: Callable[[], T]) -> list[T]:
        found = [one()]
        while self.accept(","):
            found.append(one())
        return found

    def _take(self, *kinds: str) -> str:
        token = self._tokens[self._at]
        if token.kind not in kinds:
            raise self.error()
        self._at += 1
        return token.text


def projection(text: str | None, placeholders: GivenPlaceholders) -> list[str] | None:
    """The attributes that a ProjectionExpression names."""
    if text is None:
        return None
    expression = Expression(text, placeholders)
    names = expression.several(expression.attribute)
    expression.expect("<EOF>")
    if len(set(names)) < len(names):
        raise Invalid("Invalid ProjectionExpression: Two document paths overlap with each other")
    return names
