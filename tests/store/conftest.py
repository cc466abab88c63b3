"""The store on both databases: every test here runs on moto and on the emulator."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.aws.clients import database_client
from threadkeep.domain.ids import IdSource
from threadkeep.store.database import Database
from threadkeep.store.store import Store

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


@pytest.fixture(params=["moto", "emulator"])
def client(request: pytest.FixtureRequest, tmp_path: Path) -> "Iterator[DynamoDBClient]":
    """A client of empty tables."""
    with database_client(request.param, tmp_path) as client:
        yield client


@pytest.fixture
def store(client: "DynamoDBClient") -> Store:
    """A store whose tables are empty."""
    return Store(Database(client), IdSource())
