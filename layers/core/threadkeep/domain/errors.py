"""What can go wrong, in the domain's words. `wire.errors` alone knows what HTTP makes of it."""

from dataclasses import dataclass


class ThreadkeepError(Exception):
    """The root of every error that a caller caused or must act on."""


@dataclass
class NotFound(ThreadkeepError):
    """No object of this kind (`thread`, `run step`, …) with this id is there for this project."""

    kind: str
    id: str


@dataclass
class InvalidRequest(ThreadkeepError):
    """The request can't be carried out as sent; `message` is the contract's text."""

    message: str
    param: str | None = None
    code: str | None = None


@dataclass
class ThreadLocked(ThreadkeepError):
    """The thread takes no message while this run is active."""

    thread_id: str
    run_id: str


@dataclass
class RunActive(ThreadkeepError):
    """The thread takes no second run while this one is active."""

    thread_id: str
    run_id: str


@dataclass
class UnsupportedModel(ThreadkeepError):
    """No provider is mapped to this model name."""

    model: str


@dataclass
class NotAuthenticated(ThreadkeepError):
    """The API key is missing or unknown; `masked_key` may be shown."""

    masked_key: str = ""


@dataclass
class Overloaded(ThreadkeepError):
    """The write was never made: too many writers at once. Trying again later is safe."""


class Superseded(ThreadkeepError):
    """A newer attempt of this run has taken over: this invocation has nothing to answer.

    The state machine retries it by this name.
    """
