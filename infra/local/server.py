"""The whole system in one process: functions, tables, streams and executions over one folder."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from functions.deployment import TRIGGERS
from infra.local.aws.dynamodb import DynamoDB
from infra.local.aws.event_source import EventSource
from infra.local.aws.expiry import Expiry
from infra.local.aws.functions import LocalFunctions
from infra.local.aws.stepfunctions import StepFunctions
from infra.local.aws.transport import Transport
from infra.local.recovery import recover
from infra.local.turns import SharedClock, Turns
from infra.local.waker import EventWaker
from infra.state_machine import definition
from threadkeep.config import Config
from threadkeep.domain.api_keys import hash_key
from threadkeep.domain.clock import Clock, SystemClock
from threadkeep.domain.settings import UnavailableTools
from threadkeep.providers.catalogue import Catalogue
from threadkeep.services import Services, build
from threadkeep.store.tables import API_KEYS, TABLES

_GATHER = 0.1  # seconds that deltas gather
_ASL_VALUES = {"executor": "executor", "partition": "aws"}


class Local:
    """Threadkeep on one machine. Whatever was acknowledged is in `state` after a kill -9.

    `start` goes on with what a former process left: executions with their due times, runs without
    one, and stream records that nobody acknowledged. `durable`: nothing acknowledged is lost in a
    power cut either.
    """

    def __init__(
        self,
        state: Path,
        catalogue: Catalogue,
        run_seconds: int = 600,
        clock: Clock | None = None,
        *,
        poll_after_ms: int = 200,
        strict_beta: bool = False,
        unavailable_tools: UnavailableTools = "refuse",
        durable: bool = False,
    ) -> None:
        clock = clock or SystemClock()
        self.turns = Turns()
        self.dynamodb = DynamoDB(
            state / "dynamodb.db", clock, TABLES, durable=durable, away=self.turns.away
        )
        self.states = StepFunctions(state / "executions.db", clock, self.invoke, durable=durable)
        self.transport = Transport(self.dynamodb.call, self.states.call)
        self._machine = self.states.create("run", definition(_ASL_VALUES))
        config = Config(
            state_machine_arn=self._machine,
            run_seconds=run_seconds,
            gather=_GATHER,
            streaming=True,
            poll_after_ms=poll_after_ms,
            strict_beta=strict_beta,
            unavailable_tools=unavailable_tools,
        )
        shared = SharedClock(clock, self.turns)
        waker = EventWaker(shared)
        self.transport.interceptors.append(waker)
        session = self.transport.session()
        self.services: Services = build(config, session, shared, catalogue, waker)
        self._functions = LocalFunctions(self.services, self.turns)
        self._sources = [
            EventSource(
                self.dynamodb,
                trigger,
                self.invoke,
                clock,
                self.dynamodb.checkpoints(trigger.table, trigger.function),
            )
            for trigger in TRIGGERS
        ]
        self._expiry = Expiry(self.dynamodb, clock)

    def start(self) -> None:
        """Take up the work."""
        recover(self.dynamodb, self.states, self._machine)
        self._expiry.start()
        self.states.start()
        for source in self._sources:
            source.start()

    def stop(self) -> None:
        """Start nothing more and close the files. A function under way is left to its end."""
        for source in self._sources:
            source.stop()
        self.states.stop()
        self._expiry.stop()
        self.dynamodb.close()

    def invoke(self, function: str, event: Mapping[str, Any]) -> Any:
        """Run a function's code in the caller's thread; raises FunctionError."""
        return self._functions.invoke(function, event)

    def set_keys(self, keys: Mapping[str, str]) -> None:
        """Let these keys open their projects, and no other key anything."""
        self.dynamodb.clear(API_KEYS.name)
        for key, project in keys.items():
            self.add_key(key, project)

    def add_key(self, key: str, project: str) -> None:
        """Let the key open the project; it may do so already."""
        self.services.store.api_keys.put(hash_key(key), project, int(self.services.clock.now()))
