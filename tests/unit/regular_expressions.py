"""Runs every regular expression of the product on texts that are made to hold it up.

`python -m tests.unit.regular_expressions [FOLDER …]` prints each pattern before it is tried. One
whose time grows with the square of a text's length takes minutes here, a linear one no time.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from pathlib import Path
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

from functions.doors import DOORS
from functions.routes import ROUTES
from infra.local.aws.router import pattern
from infra.unsupported import UNSUPPORTED
from threadkeep.wire.cors import HEADERS

_ROOT = Path(__file__).parents[2]
_FOLDERS = ("functions", "infra", "layers")
_FUNCTIONS = {"compile", "search", "match", "fullmatch", "findall", "finditer", "split", "sub"}
_LONG = 50_000
_MADE = {
    "infra/local/aws/router.py": [
        pattern(d, route.path).pattern for d in DOORS for route in ROUTES
    ],
    "infra/unsupported.py": list(UNSUPPORTED),
    "layers/core/threadkeep/wire/cors.py": [HEADERS],
}
_OF_CLASS = {
    _constants.CATEGORY_DIGIT: "1",
    _constants.CATEGORY_SPACE: " ",
    _constants.CATEGORY_WORD: "a",
    _constants.CATEGORY_NOT_SPACE: "!",
    _constants.CATEGORY_NOT_WORD: "!",
    _constants.CATEGORY_NOT_DIGIT: "!",
}


class Use(NamedTuple):
    """A pattern, a function of `re` that it is used with, and the file that does it."""

    pattern: str
    function: str
    file: str


def uses(folders: Iterable[Path]) -> Iterator[Use]:
    """Every pattern of the product. Of one that is made as it goes, a sample."""
    for path in (path for folder in folders for path in sorted(folder.rglob("*.py"))):
        tree = ast.parse(path.read_text())
        name = str(path.relative_to(_ROOT)) if path.is_relative_to(_ROOT) else str(path)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and (given := _given(node)):
                text = _text(given)
                for pattern in [text] if text is not None else _MADE[name]:
                    yield from (Use(pattern, each, name) for each in _functions(node, tree))


def _functions(call: ast.Call, tree: ast.Module) -> set[str]:
    """What the pattern is used with: for a compiled one what the module calls on its name."""
    attribute = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if attribute != "compile":
        return {attribute if attribute in _FUNCTIONS else "fullmatch"}
    names = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and node.value is call
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    called = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in names
    }
    return called & _FUNCTIONS or {"fullmatch"}


def _given(call: ast.Call) -> ast.expr | None:
    """The pattern among a call's arguments, if it has one."""
    match call.func:
        case ast.Attribute(value=ast.Name(id="re"), attr=attr) if attr in _FUNCTIONS:
            return call.args[0]
    return next((each.value for each in call.keywords if each.arg == "pattern"), None)


def _text(given: ast.expr) -> str | None:
    match given:
        case ast.Constant(value=str() as text):
            return text
        case ast.JoinedStr(values=values):
            parts = (part.value if isinstance(part, ast.Constant) else "x" for part in values)
            return "".join(map(str, parts))
    return None


def hostile(pattern: str) -> Iterator[str]:
    """Long texts out of what the pattern is made of, which match nearly or not quite."""
    parts = list(_words(_parser.parse(pattern)))
    words = list(dict.fromkeys([*parts, " "]))
    repeated = [*words, *("".join(pair) for pair in product(words, repeat=2))][:200]
    for word, start, end in product(repeated, ("", "".join(parts)), ("", " \x00", "\n")):
        yield start + word * (_LONG // len(word)) + end


def _words(parsed: Any) -> Iterator[str]:
    """Runs of literal characters, and a character of each class."""
    run = ""
    for operation, argument in parsed:
        if operation is _constants.LITERAL:
            run += chr(argument)
            continue
        if run:
            yield run
            run = ""
        yield from _inner(operation, argument)
    if run:
        yield run


def _inner(operation: Any, argument: Any) -> Iterator[str]:
    if operation is _constants.IN:
        yield from _of_class(argument)
    elif operation in {_constants.ANY, _constants.NOT_LITERAL}:
        yield "y"
    elif operation is _constants.BRANCH:
        for branch in argument[1]:
            yield from _words(branch)
    elif operation in {_constants.MAX_REPEAT, _constants.MIN_REPEAT}:
        yield from _words(argument[2])
    elif operation is _constants.SUBPATTERN:
        yield from _words(argument[3])


def _of_class(members: Any) -> Iterator[str]:
    """A character of each member; of a class that excludes some, one that it does not."""
    kind, _ = members[0]
    if kind is _constants.NEGATE:
        yield "y"
        return
    for kind, value in members:
        if kind is _constants.CATEGORY:
            yield _OF_CLASS[value]
        else:
            yield chr(value[0] if kind is _constants.RANGE else value)


def main(folders: Sequence[str]) -> None:
    found = set(uses(map(Path, folders) if folders else (_ROOT / each for each in _FOLDERS)))
    for use in sorted(found):
        print(f"{use.file}: {use.function} {use.pattern!r}", flush=True)
        expression = re.compile(use.pattern, re.IGNORECASE)
        for text in hostile(use.pattern):
            if use.function == "sub":
                expression.sub("", text)
            else:
                getattr(expression, use.function)(text)
    print(f"{len(found)} uses of regular expressions are linear")


if __name__ == "__main__":
    main(sys.argv[1:])
