"""Least privilege, proven minimal: a grant that no test of the whole suite uses fails the suite.

Each worker says at its end what its functions have done; the first process compares.
"""

from typing import Any

import pytest

from functions.permissions import Use
from infra.local.aws.checks import GRANTED, USED

_SAID = "grants_used"
_used: set[tuple[str, Use]] = set()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    said = getattr(node, "workeroutput", {}).get(_SAID, ())  # a worker that crashed says nothing
    _used.update((name, tuple(use)) for name, use in said)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if output := getattr(session.config, "workeroutput", None):
        output[_SAID] = [[name, list(use)] for name, use in USED]
    elif exitstatus == pytest.ExitCode.OK and _whole(session.config) and idle():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if _whole(config) and terminalreporter.stats.get("passed"):
        for line in idle():
            terminalreporter.write_line(f"granted, and never used: {line}", red=True)


def idle() -> list[str]:
    """What no test has used."""
    used = _used | USED
    return sorted(
        f"{name}: {action} on {resource}"
        for name, granted in GRANTED.items()
        for _, resource, action in granted
        if (name, (_, resource, action)) not in used
    )


def _whole(config: pytest.Config) -> bool:
    """Whether all tests were asked for."""
    testpaths = pytest.Config.ArgsSource.TESTPATHS
    return config.args_source == testpaths and not (
        config.option.keyword or config.option.markexpr or config.option.deselect
    )
