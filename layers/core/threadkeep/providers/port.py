"""The model port: what execution asks of a provider, and what it gets back.

A provider never raises for what the provider's server did: that is a result (`Failed`), because the
run it ends is `failed`, not broken. An exception out of a provider is a bug.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from threadkeep.domain.chat import ChatMessage
from threadkeep.domain.json_values import JSONObject
from threadkeep.domain.runs import Usage

FailureCode = Literal["server_error", "rate_limit_exceeded", "invalid_prompt"]
FinishReason = Literal["stop", "length", "content_filter"]

# What a turn says must fit into the transaction that ends it, and into an answer that shows it.
MOST_SAID = 1_000_000  # bytes of JSON, text and calls together
MOST_CALLS = 128


@dataclass(frozen=True)
class ChatRequest:
    """One model turn to ask for; `messages` are oldest first. The settings are the run's.

    `max_completion_tokens` is what is left of the run's budget, None without one.
    """

    model: str
    messages: Sequence[ChatMessage]
    temperature: float
    top_p: float
    tools: Sequence[JSONObject] = ()
    tool_choice: str | JSONObject = "auto"
    parallel_tool_calls: bool = True
    response_format: str | JSONObject = "auto"
    reasoning_effort: str | None = None
    max_completion_tokens: int | None = None


@dataclass(frozen=True)
class Text:
    """A piece of the answer."""

    value: str


@dataclass(frozen=True)
class CallBegan:
    """The model calls a function; calls are numbered from 0 and begin in that order."""

    index: int
    id: str
    name: str


@dataclass(frozen=True)
class CallArguments:
    """A further piece of a call's arguments, as the model wrote it."""

    index: int
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
    """The last chunk of a turn that broke; `message` may be shown: no key, no prompt.

    `passing`: the same request may well succeed later, after `retry_after` seconds if the provider
    says so.
    """

    code: FailureCode
    message: str
    passing: bool = False
    retry_after: float | None = None


Chunk = Text | CallBegan | CallArguments | Finished | Failed


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
