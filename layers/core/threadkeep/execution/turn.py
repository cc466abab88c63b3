"""A model turn, tried again while nothing of it is said and the provider's trouble may pass."""

import logging
import random
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import replace

from threadkeep.domain.clock import Clock, Moment
from threadkeep.domain.context import tokens_of
from threadkeep.domain.runs import Usage
from threadkeep.execution.prompt import Prompt
from threadkeep.execution.watch import Interrupted, Looks, pause, watch
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


def turn(
    provider: Provider,
    prompt: Prompt,
    clock: Clock,
    deadline: float,
    looks: Looks,
    due: Callable[[], float | None],
) -> Generator[Chunk | Interrupted]:
    """The chunks of the turn that succeeded, or of the last one tried.

    `deadline` is in Unix seconds; when to try again and when to give up are intervals.
    """
    now = Moment.of(clock)
    give_up_at = min(now.monotonic + _GIVE_UP_AFTER, now.of_wall(deadline))
    for number in range(1, _TRIES + 1):
        seconds = _back_off(number)
        call = provider.start(prompt.request)
        with closing(watch(call, clock, deadline, looks, due)) as chunks:
            for first, chunk in enumerate(chunks):
                if first == 0 and isinstance(chunk, Failed) and chunk.passing:
                    seconds = max(seconds, chunk.retry_after or 0.0)
                    if number < _TRIES and clock.monotonic() + seconds < give_up_at:
                        break
                yield chunk
            else:
                return
        reason = pause(clock, deadline, looks, clock.monotonic() + seconds)
        if reason is not Interrupted.DUE:
            yield reason
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


def _back_off(number: int) -> float:
    return random.uniform(0, _FIRST_PAUSE * 2**number)
