"""Executing one leg of a run: claim it, ask the model, write what comes of it."""

from collections.abc import Generator
from contextlib import closing
from functools import partial

from threadkeep.domain.clock import Clock, sleep_until
from threadkeep.domain.context import chat_messages, recent
from threadkeep.domain.errors import Superseded
from threadkeep.domain.objects import Run
from threadkeep.execution import engine
from threadkeep.execution.answer import DONE, Answer
from threadkeep.execution.settle import as_long_as_lost, standing
from threadkeep.execution.sink import Sink
from threadkeep.execution.watch import Interrupted, watch
from threadkeep.providers.catalogue import Catalogue
from threadkeep.providers.port import ChatRequest, Chunk, Failed
from threadkeep.store.keys import RunRef
from threadkeep.store.runs import Runs
from threadkeep.store.store import Store
from threadkeep.store.transitions import RunLost

_PAGE = 100  # messages that one read of the thread brings
_WINDOW = 128_000  # tokens
_STOP_BEFORE = 1.0  # seconds between the end of the model's turn and the run's deadline


def execute(ref: RunRef, leg: int, store: Store, catalogue: Catalogue, clock: Clock) -> Answer:
    """Work on the leg until its run is over or waits; raises Superseded for a newer attempt.

    Called at least once for each leg, and possibly by two invocations at a time: each claims the
    run, the later claim fences the earlier. What this invocation lost is never answered as done:
    the state machine may be listening to it, and must not end while the run goes on.
    """

    def claim() -> Run | Answer:
        run = store.runs.read(ref)
        answer = standing(ref, run, leg, store, clock)
        if answer or run is None:
            return answer or DONE
        return store.transitions.claim(ref, run, int(clock.now()))

    claimed = as_long_as_lost(claim)
    if not isinstance(claimed, Run):
        return claimed
    try:
        _work(ref, claimed, store, catalogue, clock)
    except RunLost:
        answer = as_long_as_lost(lambda: standing(ref, store.runs.read(ref), leg, store, clock))
        if answer is None:
            raise Superseded from None
        return answer
    return DONE


def _work(ref: RunRef, run: Run, store: Store, catalogue: Catalogue, clock: Clock) -> None:
    sink = Sink(ref, run, store.transitions, clock)
    with closing(_chunks(ref, run, store, catalogue, clock)) as chunks:
        for event in engine.run(chunks):
            sink.write(event)


def _chunks(
    ref: RunRef, run: Run, store: Store, catalogue: Catalogue, clock: Clock
) -> Generator[Chunk | Interrupted]:
    """The model's turn, or why there is none."""
    entry = catalogue.resolve(run.model)
    if entry is None:
        yield Failed("server_error", f"No provider is mapped to the model '{run.model}' any more.")
        return
    call = entry.provider.start(_request(ref, run, entry.model, store))
    margin = min(_STOP_BEFORE, (run.expires_at - run.created_at) / 10)
    look = partial(_look, ref, run, store.runs)
    with closing(watch(call, clock, run.expires_at - margin, look)) as chunks:
        for chunk in chunks:
            if chunk is Interrupted.DEADLINE:
                break
            yield chunk
        else:
            return
    # Nothing that ends the run may be written before its deadline: the model is stopped, wait.
    sleep_until(clock, run.expires_at)
    yield Interrupted.DEADLINE


def _request(ref: RunRef, run: Run, model: str, store: Store) -> ChatRequest:
    messages = recent(store.messages.newest(ref.thread, _PAGE), run, _WINDOW)
    return ChatRequest(
        model=model,
        messages=chat_messages(run, messages),
        temperature=run.temperature,
        top_p=run.top_p,
    )


def _look(ref: RunRef, run: Run, runs: Runs) -> Interrupted | None:
    """Whether the attempt may go on; raises RunLost if the run is not its any more."""
    found = runs.read(ref)
    if found is None or found.attempt != run.attempt:
        raise RunLost(found)
    if found.status == "cancelling":
        return Interrupted.CANCELLED
    if found.status != "in_progress":
        raise RunLost(found)
    return None
