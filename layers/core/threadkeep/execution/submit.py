"""Submitting the outputs that a run waits for."""

from collections.abc import Sequence
from dataclasses import dataclass

from threadkeep.domain.clock import Clock
from threadkeep.domain.errors import InvalidRequest
from threadkeep.domain.references import RunRef
from threadkeep.domain.run_state import SUBMIT
from threadkeep.domain.runs import Run
from threadkeep.domain.turns import answered_step
from threadkeep.store.held_run import retry_on_lost_race
from threadkeep.store.store import Store


@dataclass(frozen=True)
class Submitted:
    """The run with its next leg queued; the leg's events come after number `after`."""

    run: Run
    after: int


def submit(
    ref: RunRef, outputs: Sequence[tuple[str, str]], store: Store, clock: Clock, *, stream: bool
) -> Submitted:
    """Complete the waiting step with its outputs, pairs of call id and output, and queue the run.

    NotFound; InvalidRequest unless the run waits for just these calls. Another submit, a cancel or
    the expiry may be first: then the next look at the run says that it does not wait any more.
    """

    def decide() -> Submitted:
        now = int(clock.now())
        run = store.runs.without_calls(ref, now)
        step = store.run_steps.read(ref, run.open_step_id)
        if run.status not in SUBMIT.sources or step is None:
            raise InvalidRequest(f'Runs in status "{run.status}" do not accept tool outputs.')
        held = store.run_events.hold(ref, run)
        answered = answered_step(step, outputs, now)
        streamed = run.streamed or stream
        queued = store.transitions.submit(held, answered, now, streamed=streamed)
        return Submitted(queued.run, after=held.last_row)

    return retry_on_lost_race(decide)
