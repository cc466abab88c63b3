"""Configuration: a typed value, read once from the environment; what is missing is named."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from threadkeep.domain.settings import UnavailableTools


class ConfigError(Exception):
    """A setting is missing or makes no sense; the message names it."""


@dataclass(frozen=True)
class Config:
    """`run_seconds` is how long a run may take, `gather` how many seconds deltas gather before they
    are written, `poll_after_ms` how long apps that poll should wait. `streaming`: answers can be
    streamed.
    `strict_beta`: the OpenAI-Beta header must be there. `unavailable_tools`: what becomes of tools
    that runs can't have here. `cors_origins`: whose pages may read what the functions answer; on
    one machine the HTTP front sees to that.
    """

    table_prefix: str = ""
    state_machine_arn: str = ""
    models: Path = Path("models.toml")
    run_seconds: int = 600
    gather: float = 0.25
    streaming: bool = False
    poll_after_ms: int = 500
    strict_beta: bool = False
    unavailable_tools: UnavailableTools = "refuse"
    cors_origins: tuple[str, ...] = ()

    @staticmethod
    def from_environment(environment: Mapping[str, str] = os.environ) -> "Config":
        """As CDK sets it (`infra/aws`)."""
        return Config(
            table_prefix=_required(environment, "THREADKEEP_TABLE_PREFIX"),
            state_machine_arn=environment.get("THREADKEEP_STATE_MACHINE_ARN", ""),
            models=Path(environment.get("THREADKEEP_MODELS", "models.toml")),
            run_seconds=_number(environment, "THREADKEEP_RUN_SECONDS", 600),
            streaming=environment.get("THREADKEEP_STREAMING") == "on",
            poll_after_ms=_number(environment, "THREADKEEP_POLL_AFTER_MS", 500),
            strict_beta=environment.get("THREADKEEP_STRICT_BETA") == "on",
            unavailable_tools=(
                "drop" if environment.get("THREADKEEP_UNAVAILABLE_TOOLS") == "drop" else "refuse"
            ),
            cors_origins=tuple(environment.get("THREADKEEP_CORS_ORIGINS", "").split()),
        )


def _required(environment: Mapping[str, str], name: str) -> str:
    if name not in environment:
        raise ConfigError(f"The environment variable {name} is not set.")
    return environment[name]


def _number(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name, str(default))
    if not text.isdecimal() or int(text) < 1:
        raise ConfigError(f"{name} must be a whole number above 0, not '{text}'.")
    return int(text)
