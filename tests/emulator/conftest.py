"""The database twice, for the tests of what both must do; and the emulator itself."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from infra.local.aws.dynamodb import DynamoDB
from tests.aws.clients import database_client
from tests.fake_clock import FakeClock
from threadkeep.store.tables import TABLES

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file that a service keeps its state in."""
    return tmp_path / "state.db"


@pytest.fixture(params=["moto", "emulator"])
def client(
    request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock
) -> "Iterator[DynamoDBClient]":
    """A client of empty tables."""
    with database_client(request.param, tmp_path, clock) as client:
        yield client


@pytest.fixture
def emulator(tmp_path: Path, clock: FakeClock) -> Iterator[DynamoDB]:
    emulator = DynamoDB(tmp_path / "dynamodb.db", clock, TABLES)
    yield emulator
    emulator.close()
