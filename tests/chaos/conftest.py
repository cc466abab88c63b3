"""The chain, trials, and a word at the end about at how many points something was killed."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from _pytest.terminal import TerminalReporter

from tests.chaos.chain import Chain, chained
from tests.chaos.trial import Trial, mortal

KILLED = "killed"  # what tests record: (whose process, at how many points)


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    with chained(tmp_path) as chain:
        yield chain


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[Trial]:
    with mortal(tmp_path) as trial:
        yield trial


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """One line, also when the tests ran in several processes."""
    points: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, value in getattr(report, "user_properties", ()):
                if name == KILLED and getattr(report, "when", "") == "call":
                    points[value[0]] += value[1]
    if points:
        each = ", ".join(f"{whose} {count}" for whose, count in sorted(points.items()))
        terminalreporter.write_line(f"Killed at each of {points.total()} points: {each}")
