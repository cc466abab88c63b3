"""Executing one leg of a run: claim it, ask the model, write what comes of it."""

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, closing, suppress
from dataclasses import dataclass

from threadkeep.domain.clock import Clock
from threadkeep.domain.errors import Superseded
from threadkeep.domain.references import RunRef
from threadkeep.domain.run_state import CRASH, FAIL, STOP, WORK, verdict
from threadkeep.domain.runs import LastError, Run
from threadkeep.execution import engine
from threadkeep.execution.answer import ExecutorAnswer, answer_for
from threadkeep.execution.engine import Ended
from threadkeep.execution.left_turn import left_turn
from threadkeep.execution.lookout import Lookout
from threadkeep.execution.prompt import Prompt, assemble
from threadkeep.execution.settle import carry_out, end_left_run
from threadkeep.execution.sink import Sink
from threadkeep.execution.turn import counted, turn
from threadkeep.execution.watch import Interrupted, News, pause
from threadkeep.providers.catalogue import Catalogue
from threadkeep.providers.port import Chunk, Provider
from threadkeep.store.held_run import RunLost, retry_on_lost_race
from threadkeep.store.runs import Standing
from threadkeep.store.store import Store

_STOP_BEFORE = 1.0  # seconds between the end of the model's turn and the run's deadline


@dataclass(frozen=True)
class Executor:
    """What execution works with. `gather` is how long deltas gather before they are written."""

    store: Store
    catalogue: Catalogue
    clock: Clock
    lookout: Lookout
    gather: float = 0.1

    def execute(self, ref: RunRef, leg: int) -> ExecutorAnswer:
        """Work on the leg until its run is over or waits; raises Superseded for a newer attempt.

        Called at least once for each leg, and possibly by two invocations at a time: each claims
        the run, the later claim fences the earlier. What this invocation lost is never answered as
        done: the state machine may be listening to it, and must not end while the run goes on.
        """
        sink = retry_on_lost_race(lambda: self.claim(ref, leg))
        if sink:
            with suppress(RunLost):
                self._work(sink)
                return answer_for(sink.held.run)
        return retry_on_lost_race(lambda: self.answer(ref, leg))

    def claim(self, ref: RunRef, leg: int) -> Sink | None:
        """Take the run for a new attempt, if its leg is to be worked on.

        Nobody sees two versions: a turn of which readers have seen a piece is not done again, the
        run fails. One that they have only seen begin goes on.
        RunLost when another writer moved the run on meanwhile.
        """
        store, clock = self.store, self.clock
        held = store.runs.hold(ref)
        if held is None or verdict(held.run, leg, clock.now()) != "work":
            return None
        if held.turn_was_shown:
            end_left_run(held, CRASH, store, clock)
            return None
        held = store.transitions.claim(held, int(clock.now()))
        turn = None
        if held.run.open_step:
            turn = left_turn(held, store)
            if turn is None:
                raise RunLost(None)  # to the cleaner: the thread is deleted
        return Sink(held, turn, store, clock, self.gather)

    def answer(self, ref: RunRef, leg: int) -> ExecutorAnswer:
        """The answer by the run as it is now, for a leg that this invocation does not work on."""
        held = self.store.runs.hold(ref)
        decided = verdict(held.run if held else None, leg, self.clock.now())
        if decided == "work":
            raise Superseded
        return carry_out(held, decided, self.store, self.clock)

    def _work(self, sink: Sink) -> None:
        """One model turn; what it came to is written by the sink."""
        run = sink.held.run
        entry = self.catalogue.resolve(run.model)
        if entry is None:
            text = f"No provider is mapped to the model '{run.model}' any more."
            sink.write(Ended(FAIL, error=LastError(code="server_error", message=text)))
            return
        prompt = assemble(sink.held.ref, run, entry, self.store)
        if isinstance(prompt, Ended):
            sink.write(prompt)
            return
        with closing(self._chunks(sink, entry.provider, prompt)) as chunks:
            priced = counted(chunks, prompt, run.id)
            for event in engine.run(priced, parallel=run.parallel_tool_calls):
                if not sink.write(event):
                    break

    def _chunks(
        self, sink: Sink, provider: Provider, prompt: Prompt
    ) -> Generator[Chunk | Interrupted]:
        """The model's turn; what ends with the run's deadline comes only when that is there."""
        run, clock = sink.held.run, self.clock
        margin = min(_STOP_BEFORE, (run.expires_at - run.created_at) / 10)

        def looks(report: Callable[[News], None]) -> AbstractContextManager[None]:
            return self.lookout.watching(sink.held.ref, lambda found: report(judged(run, found)))

        stop_at = run.expires_at - margin
        with closing(turn(provider, prompt, clock, stop_at, looks, lambda: sink.due)) as chunks:
            for chunk in chunks:
                if chunk is Interrupted.DEADLINE:
                    break
                yield chunk
            else:
                return
        # Nothing that ends the run may be written before its deadline: the model is stopped, wait.
        yield pause(clock, run.expires_at, looks)


def judged(run: Run, found: Standing | None) -> News:
    """What a look means for the attempt at `run`: None, it goes on."""
    if found is None or found.attempt != run.attempt:
        return RunLost(None)
    if found.status in STOP.sources:
        return Interrupted.CANCELLED
    return None if found.status in WORK.sources else RunLost(None)
