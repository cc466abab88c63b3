"""Which tests run which lines, and how long each takes: measured once, kept in a file."""

import json
import time
from collections import Counter
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from pathlib import Path

import pytest
from coverage import Coverage

# What is loaded before pytest can't be rewritten by it: nothing of that is a test.
PYTEST = ("-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning")
_WIDE = 300  # tests that run more lines than the others
_OF_TABLE = ("tests/store/test_run_guards.py", "tests/unit/test_run_state.py")
_SECONDS = 20.0  # of tests for one mutant: what so many do not notice, more will not


class Recorder:
    """A pytest plugin; `lines` are known once the tests have run.

    Threads count for the test during which they run.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._coverage = Coverage(
            data_file=None, config_file=False, include=[str(path.resolve()) for path in paths]
        )
        self._coverage.start()
        self.seconds: dict[str, float] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        self._coverage.switch_context(item.nodeid)
        began = time.perf_counter()
        result = yield
        self.seconds[item.nodeid] = time.perf_counter() - began
        return result

    def lines(self, path: Path) -> dict[int, list[str]]:
        """The tests that ran each line of a module; lines that only an import runs have none."""
        self._coverage.stop()
        contexts = self._coverage.get_data().contexts_by_lineno(str(path.resolve()))
        return {line: [name for name in names if name] for line, names in contexts.items()}


@dataclass(frozen=True)
class Covering:
    """By module and line the tests, and how many seconds each test takes."""

    tests: dict[str, dict[str, list[str]]]
    seconds: dict[str, float]

    @staticmethod
    def measured(paths: Sequence[Path], tests: Iterable[str], file: Path) -> "Covering":
        """What the file says, or what running all tests shows."""
        if file.exists():
            return Covering(**json.loads(file.read_text()))
        recorder = Recorder(paths)
        pytest.main([*PYTEST, *tests], [recorder])
        lines = {str(path): recorder.lines(path) for path in paths}
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps({"tests": lines, "seconds": recorder.seconds}))
        return Covering.measured(paths, tests, file)

    def of(self, path: Path, line: int) -> list[str]:
        """The tests of a line, quick ones first. What an import runs, such as a table, is tried by
        the tests of the table, then by those that run most.
        """
        found = self.tests[str(path)].get(str(line))
        if found:
            return self._affordable(sorted(found, key=self.seconds.__getitem__))
        of_table = [name for name in self.seconds if name.startswith(_OF_TABLE)]
        return self._affordable([*of_table, *self._widest])

    def _affordable(self, names: Sequence[str]) -> list[str]:
        """As many as take so many seconds, at least one."""
        spent = accumulate(self.seconds[name] for name in names)
        return [name for name, sum_ in zip(names, spent, strict=True) if sum_ <= _SECONDS] or [
            *names
        ][:1]

    @cached_property
    def _widest(self) -> list[str]:
        lines = Counter(
            name for tests in self.tests.values() for names in tests.values() for name in names
        )
        wide = [name for name, _ in lines.most_common(_WIDE)]
        return sorted(wide, key=self.seconds.__getitem__)
