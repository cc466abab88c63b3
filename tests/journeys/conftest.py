"""A whole system, on the emulator and on moto."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.invocations import EmulatedLocal
from tests.journeys.moto_local import MotoLocal
from tests.system import System
from threadkeep.domain.clock import SystemClock

Start = Callable[..., System]


@pytest.fixture(params=["emulator", "moto"])
def start(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Start]:
    """Starts a system; what it is to be says the test. Time is real on both."""
    local: Any = EmulatedLocal if request.param == "emulator" else MotoLocal
    with ExitStack() as stack:

        @contextmanager
        def running(**settings: Any) -> Iterator[System]:
            system = System(tmp_path, clock=SystemClock(), local=local, **settings)
            system.local.start()
            try:
                yield system
            finally:
                system.local.stop()

        yield lambda **settings: stack.enter_context(running(**settings))


@pytest.fixture
def system(start: Start) -> System:
    """A system whose model says hello."""
    return start()
