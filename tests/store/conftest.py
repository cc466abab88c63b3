"""The store on both databases: every test here runs on moto and on the embedded engine."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.aws.clients import database_client

from threadkeep.domain.ids import IdSource
from threadkeep.store.database import Database
from threadkeep.store.store import Store


@pytest.fixture(params=["moto", "engine"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store whose tables are empty."""
    with database_client(request.param, tmp_path) as client:
        yield Store(Database(client), IdSource())
