"""Executing one leg of a run: claim it, ask the model, write what comes of it."""

from collections.abc import Generator
from contextlib import closing
from functools import partial

from threadkeep.domain.clock import Clock, sleep_until
from threadkeep.domain.errors import Superseded
from threadkeep.domain.objects import LastError, Run
from threadkeep.domain.run_state import FAIL
from threadkeep.domain.tool_calls import function_name
from threadkeep.execution import engine
from threadkeep.execution.answer import DONE, Answer
from threadkeep.execution.engine import Ended
from threadkeep.execution.prompt import Prompt, assemble
from threadkeep.execution.settle import standing
from threadkeep.execution.sink import Sink
from threadkeep.execution.turn import counted, turn
from threadkeep.execution.watch import Interrupted
from threadkeep.providers.catalogue import Catalogue
from threadkeep.providers.port import Chunk, Provider
from threadkeep.store.keys import RunRef
from threadkeep.store.runs import Runs
from threadkeep.store.store import Store
from threadkeep.store.transitions import RunLost, as_long_as_lost

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
        run = _work(ref, claimed, store, catalogue, clock)
        return standing(ref, run, leg, store, clock) or DONE
    except RunLost:
        answer = as_long_as_lost(lambda: standing(ref, store.runs.read(ref), leg, store, clock))
        if answer is None:
            raise Superseded from None
        return answer


def _work(ref: RunRef, run: Run, store: Store, catalogue: Catalogue, clock: Clock) -> Run:
    """One model turn; what it came to is written, and the run as it is now returned."""
    sink = Sink(ref, run, store.transitions, clock)
    entry = catalogue.resolve(run.model)
    if entry is None:
        text = f"No provider is mapped to the model '{run.model}' any more."
        sink.write(Ended(FAIL, error=LastError(code="server_error", message=text)))
        return sink.run
    prompt = assemble(ref, run, entry, store)
    if isinstance(prompt, Ended):
        sink.write(prompt)
        return sink.run
    names = [function_name(tool) for tool in run.tools]
    with closing(_chunks(ref, run, entry.provider, prompt, store.runs, clock)) as chunks:
        told = counted(chunks, prompt)
        for event in engine.run(told, names, parallel=run.parallel_tool_calls):
            sink.write(event)
    return sink.run


def _chunks(
    ref: RunRef, run: Run, provider: Provider, prompt: Prompt, runs: Runs, clock: Clock
) -> Generator[Chunk | Interrupted]:
    """The model's turn; what ends with the run's deadline comes only when that is there."""
    margin = min(_STOP_BEFORE, (run.expires_at - run.created_at) / 10)
    look = partial(_look, ref, run, runs)
    with closing(turn(provider, prompt, clock, run.expires_at - margin, look)) as chunks:
        for chunk in chunks:
            if chunk is Interrupted.DEADLINE:
                break
            yield chunk
        else:
            return
    # Nothing that ends the run may be written before its deadline: the model is stopped, wait.
    sleep_until(clock, run.expires_at)
    yield Interrupted.DEADLINE


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
