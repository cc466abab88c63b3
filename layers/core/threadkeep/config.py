"""What a function runs with: the settings, and what its host knows besides."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from threadkeep.settings import Settings, from_environment, variable


class ConfigError(Exception):
    """A variable is missing; the message names it."""


@dataclass(frozen=True)
class Config(Settings):
    """`gather` is how many seconds deltas gather before they are written. `streaming`: answers can
    be streamed.
    """

    table_prefix: str = ""
    state_machine_arn: str = ""
    models: Path = Path("models.toml")
    gather: float = 0.25
    streaming: bool = False

    @staticmethod
    def from_environment(environment: Mapping[str, str] = os.environ) -> "Config":
        """As CDK sets it (`infra/aws`)."""
        prefix = variable("table_prefix")
        if prefix not in environment:
            raise ConfigError(f"The environment variable {prefix} is not set.")
        return Config(
            table_prefix=environment[prefix],
            state_machine_arn=environment.get(variable("state_machine_arn"), ""),
            models=Path(environment.get(variable("models"), "models.toml")),
            streaming=environment.get(variable("streaming")) == "true",
            **from_environment(Settings, environment),
        )
