"""`python -m tests.mutation.hunt [MODULE …]`: breaks each guard once, names what no test noticed.

For each mutant a fork imports the broken module and runs the tests that run its line, quick ones
first, up to the first failure. A mutant that hangs is noticed, too. A survivor is a missing test,
or a mutant that means the same: those stand with their reasons in `equivalent.toml`.
"""

import argparse
import importlib.abc
import importlib.machinery
import importlib.util
import os
import signal
import sys
import tomllib
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from types import CodeType

import pytest

from tests.mutation.covering import PYTEST, Covering
from tests.mutation.mutants import Mutant, mutants

_CORE = Path("layers/core/threadkeep")
_TARGETS = (
    _CORE / "domain/run_state.py",
    _CORE / "domain/turns.py",
    *sorted((_CORE / "execution").glob("*.py")),
    *sorted((_CORE / "store").glob("*.py")),
)
_TESTS = ("tests/unit", "tests/store", "tests/chaos")
_MEASURED = Path("build/covering.json")
_EQUIVALENT = Path(__file__).with_name("equivalent.toml")
_OFTEN = 25  # mutants until the next word
_PATIENCE = 60  # seconds, and twice what the tests take
# Loaded before the forks, so that each does not pay for it again. Nothing of ours.
_WARM = ("boto3", "moto", "pydantic", "openai", "uvicorn", "aws_lambda_powertools")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", type=Path, default=_TARGETS)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    covering = _measured()
    known = set(tomllib.loads(_EQUIVALENT.read_text()))
    hunted = [each for path in options.modules for each in mutants(path) if _key(each) not in known]
    survivors = []
    for number, (mutant, noticed) in enumerate(_hunt(hunted, covering, options.workers), 1):
        if number % _OFTEN == 0:
            print(f"{number} of {len(hunted)}", flush=True)
        if not noticed:
            survivors.append(mutant)
            print(f"survived  {mutant}", flush=True)
    print(
        f"{len(hunted)} mutants: {len(hunted) - len(survivors)} noticed,"
        f" {len(survivors)} survived; {len(known)} mean the same."
    )
    sys.exit(bool(survivors))


def _key(mutant: Mutant) -> str:
    """How `equivalent.toml` names a mutant: without its line, which moves."""
    return f"{mutant.path.relative_to(_CORE)} {mutant.scope}: {mutant.text}"


def _measured() -> Covering:
    """In a fork: afterwards nothing of ours may be loaded here, or the forks could not break it."""
    for name in _WARM:
        import_module(name)
    if not _MEASURED.exists():
        child = os.fork()
        if child == 0:
            Covering.measured(_TARGETS, _TESTS, _MEASURED)
            os._exit(0)
        os.waitpid(child, 0)
    return Covering.measured(_TARGETS, _TESTS, _MEASURED)


def _hunt(
    hunted: Sequence[Mutant], covering: Covering, workers: int
) -> Iterator[tuple[Mutant, bool]]:
    """Each mutant, and whether it was noticed, as it is known."""
    running: dict[int, Mutant] = {}
    for mutant in hunted:
        while len(running) >= workers:
            yield _ended(running)
        tests = covering.of(mutant.path, mutant.line)
        seconds = sum(covering.seconds[name] for name in tests)
        child = os.fork()
        if child == 0:
            _try(mutant, tests, _PATIENCE + 2 * seconds)
        running[child] = mutant
    while running:
        yield _ended(running)


def _ended(running: dict[int, Mutant]) -> tuple[Mutant, bool]:
    child, status = os.wait()
    return running.pop(child), status != 0


def _try(mutant: Mutant, tests: Sequence[str], patience: float) -> None:
    """Run the tests on the broken module; 0 if they all pass."""
    signal.alarm(int(patience))
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    sys.meta_path.insert(0, _Breaker(mutant))
    os._exit(pytest.main(["-x", *PYTEST, *tests]))


class _Breaker(importlib.abc.MetaPathFinder):
    """Finds one module, and loads its mutant."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant
        parts = mutant.path.relative_to(_CORE.parent).with_suffix("").parts
        self._name = ".".join(parts)

    def find_spec(self, name: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        if name != self._name:
            return None
        loader = _Loader(name, str(self._mutant.path.resolve()))
        loader.mutant = self._mutant
        return importlib.util.spec_from_loader(name, loader)


class _Loader(importlib.machinery.SourceFileLoader):
    mutant: Mutant

    def get_code(self, _: str) -> CodeType:
        return self.mutant.code()


if __name__ == "__main__":
    main()
