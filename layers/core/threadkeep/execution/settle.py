"""Settling a run that nobody works on: it waits, or it ends."""

from threadkeep.domain.clock import Clock
from threadkeep.domain.references import RunRef
from threadkeep.domain.run_state import CRASH, CRASHED, Transition, Verdict, end_time, verdict
from threadkeep.execution.answer import DONE, ExecutorAnswer, answer_for
from threadkeep.execution.left_turn import left_turn
from threadkeep.store.held_run import HeldRun, retry_on_lost_race
from threadkeep.store.store import Store


def settle(ref: RunRef, leg: int, store: Store, clock: Clock) -> ExecutorAnswer:
    """Bring the run to an end, or say until when it waits. Called when nobody executes the leg.

    A zombie may still be writing, and another Settle may run: every ending is conditional on the
    run as it was read, and the loser reads again. Done twice, the second finds the run over.
    """

    def decide() -> ExecutorAnswer:
        held = store.runs.hold(ref)
        decided = verdict(held.run if held else None, leg, clock.now())
        return carry_out(held, CRASH if decided == "work" else decided, store, clock)

    return retry_on_lost_race(decide)


def carry_out(held: HeldRun | None, decided: Verdict, store: Store, clock: Clock) -> ExecutorAnswer:
    """Write the transition that is due for a run that nobody works on, and answer by the verdict.

    RunLost if another writer was first.
    """
    if held is None:
        return DONE
    if isinstance(decided, Transition):
        held = end_left_run(held, decided, store, clock)
    return answer_for(held.run) if decided == "waits" else DONE


def end_left_run(held: HeldRun, transition: Transition, store: Store, clock: Clock) -> HeldRun:
    """End a run that nobody works on, with its open turn; RunLost if another writer was first."""
    now = int(clock.now())
    error = CRASHED if transition is CRASH else None
    left = left_turn(held, store)
    turn = left.ended_by(transition, end_time(held.run, now), error) if left else None
    return store.transitions.end(held, transition, turn, now, error=error)
