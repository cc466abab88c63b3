"""A model turn, tried again while nothing of it is said and the provider's trouble may pass."""

import logging
import random
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import replace

from threadkeep.domain.clock import Clock
from threadkeep.domain.context import tokens_of
from threadkeep.domain.objects import Usage
from threadkeep.execution.prompt import Prompt
from threadkeep.execution.watch import Interrupted, watch
from threadkeep.providers.port import (
    CallArguments,
    Chunk,
    Failed,
    Finished,
    Provider,
    Text,
)

_LOG = logging.getLogger("threadkeep.runs")
_TRIES = 5
_GIVE_UP_AFTER = 60.0  # seconds since the first try
_FIRST_PAUSE = 0.5  # seconds, then twice as many each time; the pause is random up to that

Look = Callable[[], Interrupted | None]


def turn(
    provider: Provider,
    prompt: Prompt,
    clock: Clock,
    deadline: float,
    look: Look,
    due: Callable[[], float | None],
) -> Generator[Chunk | Interrupted]:
    """The chunks of the turn that succeeded, or of the last one tried."""
    give_up_at = min(clock.now() + _GIVE_UP_AFTER, deadline)
    for number in range(1, _TRIES + 1):
        pause = _pause(number)
        call = provider.start(prompt.request)
        with closing(watch(call, clock, deadline, look, due)) as chunks:
            for first, chunk in enumerate(chunks):
                if first == 0 and isinstance(chunk, Failed) and chunk.passing:
                    pause = max(pause, chunk.retry_after or 0.0)
                    if number < _TRIES and clock.now() + pause < give_up_at:
                        break
                yield chunk
            else:
                return
        if (interrupted := _wait(clock, clock.now() + pause, look)) is not None:
            yield interrupted
            return


def counted(
    chunks: Iterable[Chunk | Interrupted], prompt: Prompt, run_id: str
) -> Iterator[Chunk | Interrupted]:
    """The chunks, with an estimate where the provider gave no usage, marked in the log."""
    said = 0
    for chunk in chunks:
        if isinstance(chunk, Text | CallArguments):
            said += len(chunk.value.encode())
        if isinstance(chunk, Finished) and chunk.usage is None:
            _LOG.info("usage estimated: the provider gave none", extra={"run_id": run_id})
            estimate = Usage(prompt_tokens=prompt.tokens, completion_tokens=tokens_of(said))
            yield replace(chunk, usage=estimate)
        else:
            yield chunk


def _pause(number: int) -> float:
    return random.uniform(0, _FIRST_PAUSE * 2**number)


def _wait(clock: Clock, until: float, look: Look) -> Interrupted | None:
    """Wait, but go on looking at the run."""
    with closing(watch(_Silence(), clock, until, look)) as nothing:
        reason = next(nothing)
    return reason if reason is Interrupted.CANCELLED else None


class _Silence:
    """A call in which nothing is ever said."""

    def __init__(self) -> None:
        self._stopped = threading.Event()

    def __iter__(self) -> Iterator[Chunk]:
        self._stopped.wait()
        return iter(())

    def stop(self) -> None:
        self._stopped.set()
