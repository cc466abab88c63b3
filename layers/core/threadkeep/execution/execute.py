"""Executing one leg of a run: claim it, ask the model, write what comes of it."""

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass

from threadkeep.domain.clock import Clock
from threadkeep.domain.errors import Superseded
from threadkeep.domain.objects import LastError, Run
from threadkeep.domain.run_state import CRASH, CRASHED, FAIL, STOP, WORK
from threadkeep.execution import engine
from threadkeep.execution.answer import DONE, Answer
from threadkeep.execution.engine import Ended
from threadkeep.execution.lookout import Lookout
from threadkeep.execution.prompt import Prompt, assemble
from threadkeep.execution.settle import end, standing
from threadkeep.execution.sink import Sink
from threadkeep.execution.turn import counted, turn
from threadkeep.execution.watch import Interrupted, News, pause
from threadkeep.providers.catalogue import Catalogue
from threadkeep.providers.port import Chunk, Provider
from threadkeep.store.keys import RunRef
from threadkeep.store.run_lost import RunLost, as_long_as_lost
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

    def execute(self, ref: RunRef, leg: int) -> Answer:
        """Work on the leg until its run is over or waits; raises Superseded for a newer attempt.

        Called at least once for each leg, and possibly by two invocations at a time: each claims
        the run, the later claim fences the earlier. What this invocation lost is never answered as
        done: the state machine may be listening to it, and must not end while the run goes on.
        """
        claimed = as_long_as_lost(lambda: self._claim(ref, leg))
        if not isinstance(claimed, Sink):
            return claimed
        try:
            self._work(ref, claimed)
            return standing(ref, claimed.run, leg, self.store, self.clock) or DONE
        except RunLost:
            answer = as_long_as_lost(lambda: self._stand(ref, leg))
            if answer is None:
                raise Superseded from None
            return answer

    def _stand(self, ref: RunRef, leg: int) -> Answer | None:
        return standing(ref, self.store.runs.read(ref), leg, self.store, self.clock)

    def _claim(self, ref: RunRef, leg: int) -> Sink | Answer:
        """Take the run, unless it stands otherwise.

        Nobody is shown two versions: a turn of which an older attempt has told a piece is not done
        again, the run fails. One that was only announced goes on without being announced again.
        RunLost when somebody else moved the run on meanwhile.
        """
        store, clock = self.store, self.clock
        run = store.runs.read(ref)
        answer = standing(ref, run, leg, store, clock)
        if answer or run is None:
            return answer or DONE
        log = store.run_events.log(ref, run)
        if run.open_step and log.last_name.endswith(".delta"):
            end(ref, run, CRASH, store, clock, CRASHED)
            return DONE
        claimed = store.transitions.claim(ref, run, int(clock.now()), log)
        sink = Sink(ref, claimed, store.transitions, store.run_events, log, clock, self.gather)
        if claimed.open_step:
            step = store.run_steps.read(ref, claimed.open_step_id)
            if step is None:
                raise RunLost(None)  # to the cleaner: the thread is deleted
            sink.go_on(step, store.messages.read(ref.thread, claimed.open_message_id))
        return sink

    def _work(self, ref: RunRef, sink: Sink) -> None:
        """One model turn; what it came to is written by the sink."""
        run = sink.run
        entry = self.catalogue.resolve(run.model)
        if entry is None:
            text = f"No provider is mapped to the model '{run.model}' any more."
            sink.write(Ended(FAIL, error=LastError(code="server_error", message=text)))
            return
        prompt = assemble(ref, run, entry, self.store)
        if isinstance(prompt, Ended):
            sink.write(prompt)
            return
        with closing(self._chunks(ref, sink, entry.provider, prompt)) as chunks:
            told = counted(chunks, prompt, run.id)
            for event in engine.run(told, parallel=run.parallel_tool_calls):
                if not sink.write(event):
                    break

    def _chunks(
        self, ref: RunRef, sink: Sink, provider: Provider, prompt: Prompt
    ) -> Generator[Chunk | Interrupted]:
        """The model's turn; what ends with the run's deadline comes only when that is there."""
        run, clock = sink.run, self.clock
        margin = min(_STOP_BEFORE, (run.expires_at - run.created_at) / 10)

        def looks(tell: Callable[[News], None]) -> AbstractContextManager[None]:
            return self.lookout.watching(ref, lambda found: tell(judged(run, found)))

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
    """What it means for the attempt at `run` how that stands now; None: it goes on."""
    if found is None or found.attempt != run.attempt:
        return RunLost(None)
    if found.status in STOP.sources:
        return Interrupted.CANCELLED
    return None if found.status in WORK.sources else RunLost(None)
