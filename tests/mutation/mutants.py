"""Mutants: a module with one guard or comparison broken.

What is broken: comparisons (negated, and moved by one at a limit), operands of `and`, `or` and
`not`, tests of `if`, `while`, comprehensions and `case`, `min` and `max`, and the store's own
conditions: each part of a `both` or `either`, the condition of a write, and every fact of a
`Transition`.
"""

import ast
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from types import CodeType
from typing import TypeVar

E = TypeVar("E", bound=ast.expr)

_OPPOSITES: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
_OTHERS = {
    "min": ("max",),
    "max": ("min",),
    "above": ("at_most",),
    "at_most": ("above", "below"),
    "below": ("at_most",),
    "absent": ("exists",),
    "exists": ("absent",),
}
_GROUPS = {"both", "either"}
_PAIR = 2
_WRITES = {"Put": 2, "Update": 3, "Delete": 2}  # where the condition stands among the arguments


@dataclass(frozen=True)
class Mutant:
    """`number` is its place among the module's mutants; `text` says what is broken, `scope` in
    which function or class.
    """

    path: Path
    number: int
    line: int
    scope: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.scope}: {self.text}"

    def code(self) -> CodeType:
        """The broken module, compiled, with the line numbers of the whole one."""
        tree = ast.parse(self.path.read_text())
        for number, _ in enumerate(_breaks(tree)):
            if number == self.number:
                return compile(ast.fix_missing_locations(tree), str(self.path), "exec")
        raise LookupError(self)


def mutants(path: Path) -> list[Mutant]:
    """All mutants of the module, in the order of its text."""
    tree = ast.parse(path.read_text())
    scopes = {
        line: node.name
        for node in ast.walk(tree)  # from the outside in: the innermost name stays
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    found = [
        Mutant(path, number, line, scopes.get(line, "module"), text)
        for number, (line, text) in enumerate(_breaks(tree))
    ]
    return sorted(found, key=lambda mutant: mutant.line)


def _breaks(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Breaks the tree in one place, yields where and how, mends it and goes on to the next."""
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if name in {"annotation", "returns"}:
                continue
            for n, each in enumerate(value if isinstance(value, list) else [value]):
                for broken in _broken(each, parent, name):
                    _put(parent, name, n, broken)
                    yield each.lineno, _change(each, broken)
                    _put(parent, name, n, each)


def _put(parent: ast.AST, name: str, place: int, node: ast.AST) -> None:
    value = getattr(parent, name)
    if isinstance(value, list):
        value[place] = node
    else:
        setattr(parent, name, node)


def _change(whole: ast.AST, broken: ast.AST) -> str:
    """What is broken: the differing middle of the two texts, with what stands around it."""
    before, after = ast.unparse(whole), ast.unparse(broken)
    start = _alike(before, after)
    end = _alike(before[start:][::-1], after[start:][::-1])
    old, new = (text[start : len(text) - end] for text in (before, after))
    return f"{before[:start][-60:]}[{old} → {new}]{before[len(before) - end :][:30]}"


def _alike(one: str, other: str) -> int:
    """How many characters from the front are the same."""
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return sum(1 for _ in pairs)


def _broken(node: ast.AST, parent: ast.AST, field: str) -> Iterator[ast.expr]:
    if isinstance(node, ast.expr):
        yield from _truths(node, parent, field)
        match node:
            case ast.Compare():
                yield from _comparisons(node)
            case ast.BoolOp(values=values):
                for shorter in _shorter(node, "values", values):
                    yield shorter if len(values) > _PAIR else shorter.values[0]
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                yield operand
            case ast.Call(func=ast.Name(id=name)):
                yield from _calls(node, name)
            case ast.List(elts=elements) if _is_conditions(parent):
                yield from _shorter(node, "elts", elements)


def _truths(node: ast.expr, parent: ast.AST, field: str) -> Iterator[ast.expr]:
    """A test that is always true, or never."""
    is_test = field in {"test", "guard"} and not isinstance(parent, ast.While | ast.Assert)
    if is_test or (field == "ifs" and isinstance(parent, ast.comprehension)):
        yield ast.copy_location(ast.Constant(value=True), node)
        yield ast.copy_location(ast.Constant(value=False), node)
    if field == "test" and isinstance(parent, ast.While) and not isinstance(node, ast.Constant):
        yield ast.copy_location(ast.Constant(value=False), node)


def _comparisons(node: ast.Compare) -> Iterator[ast.expr]:
    for n, op in enumerate(node.ops):
        for other in _OPPOSITES[type(op)]:
            broken = copy(node)
            broken.ops = [*node.ops[:n], other(), *node.ops[n + 1 :]]
            yield broken


def _calls(node: ast.Call, name: str) -> Iterator[ast.expr]:
    for other in _OTHERS.get(name, ()):
        broken = copy(node)
        broken.func = ast.copy_location(ast.Name(other, ast.Load()), node.func)
        yield broken
    if name in _GROUPS:
        yield from _shorter(node, "args", node.args)
    if name in _WRITES and len(node.args) > _WRITES[name]:
        broken = copy(node)
        broken.args = node.args[: _WRITES[name]]
        yield broken
    if name == "Transition":
        yield from _shorter(node, "keywords", node.keywords)
        if isinstance(node.args[0], ast.Tuple):
            for sources in _shorter(node.args[0], "elts", node.args[0].elts):
                broken = copy(node)
                broken.args = [sources, *node.args[1:]]
                yield broken


def _shorter(node: E, field: str, parts: Sequence[ast.AST]) -> Iterator[E]:
    """The same without one of its parts, as long as one is left."""
    for n in range(len(parts) if len(parts) > 1 or field == "keywords" else 0):
        broken = copy(node)
        setattr(broken, field, [*parts[:n], *parts[n + 1 :]])
        yield broken


def _is_conditions(parent: ast.AST) -> bool:
    """Whether a list is assigned or added to the name `conditions`."""
    targets = (
        parent.targets if isinstance(parent, ast.Assign) else [getattr(parent, "target", None)]
    )
    return any(isinstance(t, ast.Name) and t.id == "conditions" for t in targets)
