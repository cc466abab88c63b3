"""The composition root: what handlers and execution work with, built in one place."""

import os
from dataclasses import dataclass

from botocore.config import Config as ClientConfig
from botocore.session import Session

from threadkeep.config import Config
from threadkeep.domain.clock import Clock, SystemClock
from threadkeep.domain.ids import IdSource
from threadkeep.executions import Executions
from threadkeep.providers.catalogue import Catalogue, Means
from threadkeep.store.database import Database
from threadkeep.store.store import Store
from threadkeep.store.waker import Polling, Waker

# A resend after a lost answer is safe: reads are reads, and every write is a transaction's token.
_CLIENT = ClientConfig(
    retries={"mode": "standard", "max_attempts": 4}, connect_timeout=2, read_timeout=10
)


@dataclass(frozen=True)
class Services:
    """Everything a handler may use."""

    config: Config
    clock: Clock
    ids: IdSource
    store: Store
    catalogue: Catalogue
    executions: Executions
    waker: Waker


def build(
    config: Config,
    session: Session,
    clock: Clock,
    catalogue: Catalogue,
    waker: Waker | None = None,
) -> Services:
    """The services over an AWS session, wherever its calls are answered."""
    ids = IdSource()
    database = Database(session.create_client("dynamodb", config=_CLIENT), config.table_prefix)
    states = session.create_client("stepfunctions", config=_CLIENT)
    return Services(
        config=config,
        clock=clock,
        ids=ids,
        store=Store(database, ids),
        catalogue=catalogue,
        executions=Executions(states, config.state_machine_arn),
        waker=waker or Polling(clock),
    )


def from_environment() -> Services:
    """The services of a Lambda function."""
    config = Config.from_environment()
    session = Session()
    means = Means(os.environ, lambda: session, require_key=False)
    return build(config, session, SystemClock(), Catalogue.load(config.models, means))
