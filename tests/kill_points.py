"""Says at the end at how many points something was killed."""

from collections import Counter

from _pytest.terminal import TerminalReporter

KILLED = "killed"  # what tests record: (whose process, at how many points)


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
