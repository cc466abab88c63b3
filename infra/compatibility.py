"""`docs/compatibility.md`: every promise to apps, with the tests that hold it.

Nothing can be claimed without a test: a promise of `docs/promises.toml` that no test is marked with
reads "not yet".
"""

import ast
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
_PROMISES = ROOT / "docs" / "promises.toml"
_TESTS = ROOT / "tests"
_INTRODUCTION = """\
# Compatibility

What Threadkeep promises to apps that were written for the OpenAI Assistants API, and which tests
hold it: {held} of {all} promises. The numbers follow the sections of the original's behaviour.

Made of `docs/promises.toml` and of the tests' marks; change those.
"""


class UnknownPromise(Exception):
    """A test is marked with a promise that nobody made."""


def promises() -> Mapping[str, Mapping[str, str]]:
    """Section → number → promise."""
    return tomllib.loads(_PROMISES.read_text("utf-8"))


def text() -> str:
    """The page; UnknownPromise if a test holds what is not promised."""
    sections, holders = promises(), _holders()
    made = {number for section in sections.values() for number in section}
    if unknown := sorted(set(holders) - made):
        raise UnknownPromise(", ".join(unknown))
    parts = [_INTRODUCTION.format(held=len(holders), all=len(made))]
    for title, section in sections.items():
        rows = [_row(*promise, holders.get(promise[0], [])) for promise in section.items()]
        parts.append(
            "\n".join([f"## {title}", "", "| | promise | tests |", "|---|---|---|", *rows])
        )
    return "\n\n".join(part.rstrip() for part in parts) + "\n"


def marks(source: str) -> Iterator[tuple[str, str]]:
    """(promise, name of the test) for each mark in a test's module."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            for decorator in node.decorator_list:
                match decorator:
                    case ast.Call(func=ast.Attribute(attr="promise"), args=arguments):
                        for argument in arguments:
                            yield str(ast.literal_eval(argument)), node.name


@cache
def _holders() -> Mapping[str, list[tuple[Path, str]]]:
    """Promise → the tests that are marked with it."""
    found: defaultdict[str, list[tuple[Path, str]]] = defaultdict(list)
    for file in sorted(_TESTS.rglob("test_*.py")):
        source = file.read_text("utf-8")
        if "promise(" in source:
            for number, test in marks(source):
                found[number].append((file, test))
    return found


def _row(number: str, promise: str, tests: Sequence[tuple[Path, str]]) -> str:
    by_file: dict[Path, list[str]] = {}
    for file, test in tests:
        by_file.setdefault(file, []).append(test.removeprefix("test_").replace("_", " "))
    shown = "; ".join(
        f"[{file.stem}](../{file.relative_to(ROOT)}): {', '.join(names)}"
        for file, names in by_file.items()
    )
    return f"| {number} | {promise} | {shown or 'not yet'} |"
