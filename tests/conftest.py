"""How long properties are searched for counterexamples: THE two profiles of hypothesis.

`default` is what `make test` runs: the same examples every time, so a failure is the change's.
`long` is `make test-long`: many more and new ones each time, and a failure prints how to repeat it.
An expensive property takes a share of them: `max_examples=settings().max_examples // 5`.
"""

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.kill_points", "tests.idle_grants"]

# No test fails for being slow, nor for what a busy machine makes slow.
_UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

settings.register_profile("default", _UNHURRIED, max_examples=100, derandomize=True)
settings.register_profile("long", _UNHURRIED, max_examples=10_000, print_blob=True)
settings.load_profile("default")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The stack takes long to synthesize: one worker does it, for all tests of it."""
    for item in items:
        if item.path.parent.name == "infra":
            item.add_marker(pytest.mark.xdist_group("infra"))
