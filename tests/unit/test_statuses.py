"""One table of the run's states: what the code decides by a status, it decides by that table."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from infra import run_states
from threadkeep.domain.objects import MessageStatus
from threadkeep.domain.run_state import TRANSITIONS
from threadkeep.domain.runs import RunStatus, RunStepStatus

ROOT = Path(__file__).parents[2]
FOLDERS = ("layers/core/threadkeep/store", "layers/core/threadkeep/execution", "functions")
OTHERS = ("layers/core/threadkeep/wire", "layers/core/threadkeep/providers", "infra/local")
STATUSES = frozenset(get_args(RunStatus))
OF_RUNS_ALONE = STATUSES - {*get_args(MessageStatus), *get_args(RunStepStatus)}


def files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def decided_by_name(tree: ast.AST) -> Iterator[int]:
    """The lines that compare or match a status with the name of one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            if any(map(is_status, sides)) and any(map(names_one, sides)):
                yield node.lineno
        if isinstance(node, ast.Match) and is_status(node.subject):
            yield node.lineno


def is_status(node: ast.AST) -> bool:
    """`….status`, `…["status"]` or a variable of that name."""
    match node:
        case ast.Attribute(attr="status") | ast.Name(id="status"):
            return True
        case ast.Subscript(slice=ast.Constant(value="status")):
            return True
    return False


def names_one(node: ast.AST, names: frozenset[str] = STATUSES) -> bool:
    constants = (each for each in ast.walk(node) if isinstance(each, ast.Constant))
    return any(each.value in names for each in constants if isinstance(each.value, str))


@pytest.mark.parametrize(
    "path", files(*FOLDERS, *OTHERS), ids=lambda path: str(path.relative_to(ROOT))
)
def test_no_status_of_runs_alone_is_named(path: Path) -> None:
    """Only the table says `queued`, `requires_action` or `cancelling`."""
    assert not names_one(ast.parse(path.read_text("utf-8")), OF_RUNS_ALONE)


@pytest.mark.parametrize("path", files(*FOLDERS), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_status_is_decided_by_its_name(path: Path) -> None:
    """Store, execution and functions name transitions, not statuses, where they decide."""
    assert list(decided_by_name(ast.parse(path.read_text("utf-8")))) == []


@pytest.mark.parametrize(
    "code",
    [
        'run.status == "queued"',
        'run["status"] in ("queued", "in_progress")',
        'status != "cancelled"',
        'match run.status:\n    case "queued": pass',
    ],
)
def test_the_look_finds_what_it_looks_for(code: str) -> None:
    """The test above can fail."""
    assert list(decided_by_name(ast.parse(code))) == [1]


def test_every_transition_is_in_the_page() -> None:
    """The page shows each transition once in its table, and each way it takes in its diagram."""
    page = run_states.text()
    for name, transition in TRANSITIONS.items():
        assert page.count(f"\n| {name} |") == 1
        for source in transition.sources or ("[*]",):
            assert any(
                line.startswith(f"    {source} --> {transition.target}: ") and name in line
                for line in page.splitlines()
            )
