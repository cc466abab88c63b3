"""The house: an import only ever points down."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CORE = ROOT / "layers" / "core"

# Who may know whom; everybody may know itself.
FLOORS = {
    "threadkeep.domain": set(),
    "threadkeep.wire": {"threadkeep.domain"},
    "threadkeep.store": {"threadkeep.domain"},
    "threadkeep.providers": {"threadkeep.domain"},
    "threadkeep.execution": {"threadkeep.domain", "threadkeep.store", "threadkeep.providers"},
    "threadkeep.settings": {"threadkeep.domain", "threadkeep.wire"},
    "threadkeep.config": {"threadkeep.settings"},
    "threadkeep.executions": set(),
    "threadkeep.services": {"threadkeep"},
    "functions": {"threadkeep"},
    "infra.local": {"threadkeep", "functions", "infra"},
    "infra.aws": {"threadkeep", "functions", "infra"},
}
OURS = ("threadkeep", "functions", "infra", "tests", "bench")
PURE = {"threading", "boto3", "botocore", "time", "os", "socket"}


def modules(floor: str) -> Iterator[Path]:
    """The files of a floor."""
    root = CORE if floor.startswith("threadkeep") else ROOT
    place = root / floor.replace(".", "/")
    yield from place.rglob("*.py") if place.is_dir() else [place.with_suffix(".py")]


def imported(file: Path) -> set[str]:
    """The modules that a file names in its imports, wherever they stand."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def within(module: str, packages: set[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


@pytest.mark.parametrize("floor", FLOORS)
def test_imports_point_down(floor: str) -> None:
    """What a floor imports of ours lies below it, or on it."""
    allowed = FLOORS[floor] | {floor}
    wrong = {
        f"{file.relative_to(ROOT)}: {name}"
        for file in modules(floor)
        for name in imported(file)
        if name.split(".")[0] in OURS and not within(name, allowed)
    }
    assert wrong == set()


def test_nothing_local_imports_cdk() -> None:
    """`threadkeep serve` runs without CDK, and needs nothing of the stack."""
    for file in modules("infra.local"):
        names = imported(file)
        assert not any(within(name, {"aws_cdk", "constructs", "infra.aws"}) for name in names), file


def test_the_domain_is_pure() -> None:
    """Values in, values out: it reads no clock, but for the port to one, and does no I/O."""
    for file in modules("threadkeep.domain"):
        if file.name not in {"clock.py", "ids.py"}:
            assert not any(within(name, PURE) for name in imported(file)), file
