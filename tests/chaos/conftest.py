"""The chain, and trials."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.chain import Chain, chained
from tests.chaos.trial import Trial, mortal


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    with chained(tmp_path) as chain:
        yield chain


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[Trial]:
    with mortal(tmp_path) as trial:
        yield trial
