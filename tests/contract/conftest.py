"""A system that takes requests, and starts to work on runs when a test lets it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.exchanges import Replay
from tests.system import System


@pytest.fixture
def replay(tmp_path: Path) -> Iterator[Replay]:
    system = System(tmp_path)
    yield Replay(system)
    system.local.stop()
