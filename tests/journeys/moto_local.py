"""The whole system on moto: its DynamoDB with streams, its Step Functions calling our functions.

A second witness beside the emulator: what we believe of AWS was read there by other people. Only
the event source mapping is ours, since moto's ignores filters. Time is real.
"""

import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from botocore.session import Session

from functions.deployment import TRIGGERS
from infra.local.aws.dynamodb.checkpoints import Checkpoints
from infra.local.aws.dynamodb.storage import Storage
from infra.local.aws.event_source import EventSource
from infra.local.aws.functions import LocalFunctions
from infra.local.turns import Turns
from infra.state_machine import definition
from tests.aws.clients import definition as table_definition
from tests.aws.moto_repairs import repair
from tests.journeys.invocations import Invocations
from tests.journeys.moto_lambda import functions_of_moto, mocked
from tests.journeys.moto_records import MotoRecords
from threadkeep.config import Config
from threadkeep.domain.clock import Clock
from threadkeep.providers.catalogue import Catalogue
from threadkeep.services import build
from threadkeep.store.tables import TABLES

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_TRIES, _STEP = 500, 0.02  # real seconds between two tries
_ROLE = "arn:aws:iam::123456789012:role/states"
_ASL_VALUES = {"executor": "executor", "partition": "aws"}


class MotoLocal:
    """What `tests.system.System` needs of a `Local`, on moto."""

    def __init__(self, state: Path, catalogue: Catalogue, run_seconds: int, clock: Clock) -> None:
        repair()
        self._stack = ExitStack()
        self._stack.enter_context(mocked())
        session = _session()
        self._client = cast("DynamoDBClient", session.create_client("dynamodb"))
        for table in TABLES:
            self._client.create_table(**table_definition(table))
        self._states = cast("Any", session.create_client("stepfunctions"))
        self._machine: str = self._states.create_state_machine(
            name="run", definition=definition(_ASL_VALUES), roleArn=_ROLE
        )["stateMachineArn"]
        config = Config(
            state_machine_arn=self._machine, run_seconds=run_seconds, gather=0.01, streaming=True
        )
        self.services = build(config, session, clock, catalogue)
        self._functions = LocalFunctions(self.services, Turns())
        self._running = Invocations(self.invoke)
        self._stack.enter_context(functions_of_moto(self._running))
        self.dynamodb = SimpleNamespace(call=self._call)
        self.transport = SimpleNamespace(interceptors=[])
        storage = Storage(state / "checkpoints.db")
        records = MotoRecords(session, self._client)
        self._sources = [
            EventSource(
                records,
                trigger,
                self.invoke,
                clock,
                Checkpoints(storage, trigger.table, trigger.function),
            )
            for trigger in TRIGGERS
        ]

    def start(self) -> None:
        for source in self._sources:
            source.start()

    def stop(self) -> None:
        for source in self._sources:
            source.stop()
        try:
            self._running.wait_until_idle()
            going = self._states.list_executions(
                stateMachineArn=self._machine, statusFilter="RUNNING"
            )
            for execution in going["executions"]:
                self._stop_execution(execution["executionArn"])
            self._running.wait_until_idle()
        finally:
            self._stack.close()

    def _stop_execution(self, arn: str) -> None:
        """moto begins an execution in a thread of its own; before that it cannot stop it."""
        for _ in range(_TRIES):
            try:
                self._states.stop_execution(executionArn=arn)
            except AttributeError:
                time.sleep(_STEP)
            else:
                return
        raise AssertionError(f"{arn} does not begin")

    def invoke(self, function: str, event: Mapping[str, Any]) -> Any:
        return self._functions.invoke(function, event)

    def execution(self, name: str) -> str:
        """The status of an execution."""
        arn = self._machine.replace(":stateMachine:", ":execution:")
        return str(self._states.describe_execution(executionArn=f"{arn}:{name}")["status"])

    def _call(self, operation: str, request: Mapping[str, Any]) -> Any:
        assert operation == "GetItem"
        return self._client.get_item(**cast("Any", request))


def _session() -> Session:
    session = Session()
    session.set_config_variable("region", "us-east-1")
    session.set_config_variable("account_id_endpoint_mode", "disabled")
    session.set_credentials("test", "test")
    return session
