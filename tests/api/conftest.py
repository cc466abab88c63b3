"""One system for all tests of the served API; each test has a project of its own."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from infra.local.aws.gateway import Gateway
from infra.local.server import Local
from tests.api.client import Client
from tests.api.model import Model
from tests.system import System, running
from threadkeep.domain.clock import Clock
from threadkeep.providers.catalogue import Catalogue
from threadkeep.providers.models_file import Rule

_NUMBERS = count()
_MODEL = Model()


class FewModels(Local):
    """Only names that begin with `gpt-` lead to a model."""

    def __init__(
        self,
        state: Path,
        _catalogue: Catalogue,
        run_seconds: int = 600,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(state, Catalogue([Rule("gpt-*", _MODEL)]), run_seconds, clock)


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The system, with `tests.api.model` behind it."""
    with running(tmp_path_factory.mktemp("api"), local=FewModels) as system:
        yield system


@pytest.fixture(scope="session")
def gateway(served: System) -> Gateway:
    """The local API Gateway before it."""
    return Gateway(served.local.invoke, served.clock)


@pytest.fixture
def client(served: System, gateway: Gateway) -> Client:
    """An app with an empty project."""
    return Client(served, gateway, f"project-{next(_NUMBERS)}")


@pytest.fixture
def model() -> Model:
    """The model, which keeps the requests that it was sent, also by the runs of other tests."""
    return _MODEL
