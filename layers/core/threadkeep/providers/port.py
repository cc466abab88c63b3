"""The model port: what execution asks of a provider, and what it is told.

A provider never raises for what the provider's server did: that is a result (`Failed`), because the
run it ends is `failed`, not broken. An exception out of a provider is a bug.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from threadkeep.domain.objects import Usage

FailureCode = Literal["server_error", "rate_limit_exceeded", "invalid_prompt"]
FinishReason = Literal["stop", "length", "content_filter"]


@dataclass(frozen=True)
class ChatRequest:
    """One model turn. `messages` are Chat Completions messages, oldest first."""

    model: str
    messages: Sequence[Mapping[str, Any]]
    temperature: float
    top_p: float


@dataclass(frozen=True)
class Text:
    """A piece of the answer."""

    value: str


@dataclass(frozen=True)
class Finished:
    """The last chunk of a turn that ended; `usage` is None when the provider gave none.

    `reason` is Chat Completions' finish_reason; one that it does not know is `stop`.
    """

    reason: FinishReason
    usage: Usage | None = None


@dataclass(frozen=True)
class Failed:
    """The last chunk of a turn that broke; `message` may be shown: no key, no prompt."""

    code: FailureCode
    message: str


Chunk = Text | Finished | Failed


class ModelCall(Protocol):
    """A turn under way. Iterated by one thread; `stop` is called by another."""

    def __iter__(self) -> Iterator[Chunk]:
        """The turn's chunks; the last is `Finished` or `Failed`, unless `stop` was called."""

    def stop(self) -> None:
        """Wake the reader at once, also from a stalled read, and end the iteration.

        May be called twice, and before the iteration begins.
        """


class Provider(Protocol):
    """Where a model answers."""

    def start(self, request: ChatRequest) -> ModelCall:
        """Prepare the turn. Nothing is sent before the first chunk is asked for."""
