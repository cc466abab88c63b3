"""Anything, in any order: whatever apps, executors, Settle, streams and clocks do to a thread."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tests.chaos.midway import Busy, Dying, Midway, Resent
from tests.chaos.steps import OFTEN, STEPS
from tests.chaos.world import World
from tests.faults import Interception
from tests.system import System
from threadkeep.domain.run_state import ACTIVE

SECONDS = (0.5, 1, 10, 299, 599, 600)
Choice = tuple[str, int, int]
NUMBER = st.integers(0, 11)
STEP = st.tuples(st.sampled_from(OFTEN), NUMBER, NUMBER)
CALL = st.integers(0, 4)
MIDWAY = st.one_of(
    st.none(),
    st.none(),
    st.tuples(CALL, STEP),
    st.tuples(CALL, st.sampled_from(["dies", "dies when it is made"])),
    st.sampled_from(["the answer is lost", "the write conflicts"]),
)


class RunMachine(RuleBasedStateMachine):
    """Each step is one that a process can take; something may happen in the midst of it."""

    def __init__(self, system: System) -> None:
        super().__init__()
        self.world = World(system)
        system.local.transport.interceptors.append(self.world)

    @rule(step=STEP, midway=MIDWAY)
    def step(self, step: Choice, midway: Any) -> None:
        name, n, m = step
        do, refusal = STEPS[name](self.world, n, m)
        with self.world.midst(*self._happening(midway)):
            text = do()
        foreseeable = not isinstance(midway, tuple)
        assert text == refusal or not foreseeable
        self.world.renew()

    def _happening(self, midway: Any) -> list[Interception]:
        match midway:
            case None:
                return []
            case "the answer is lost":
                return [Resent(self.world.system.local.dynamodb)]
            case "the write conflicts":
                return [Busy()]
            case int(at), str(death):
                return [Dying(at, made=death != "dies")]
            case int(at), (name, n, m):
                return [Midway(at, partial(self._do, name, n, m))]
        raise AssertionError(midway)

    def _do(self, name: str, n: int, m: int) -> None:
        do, _ = STEPS[name](self.world, n, m)
        do()

    @rule(seconds=st.sampled_from(SECONDS))
    def time_passes(self, seconds: float) -> None:
        self.world.system.advance(seconds)

    @invariant()
    def what_always_holds(self) -> None:
        self.world.invariants.check()
        assert not self.world.troubles

    def teardown(self) -> None:
        """Nothing is ever stuck: past the deadline one Settle for each execution ends all."""
        world = self.world
        try:
            world.system.advance(600)
            self.what_always_holds()
            assert world.active() is None
            world.dispatch()
            world.clean()
            for ref, leg in world.executions.values():
                world.settle(ref, leg)
            self.what_always_holds()
            assert all(run.status not in ACTIVE for run in world.runs)
            assert world.add_message() is None
            for thread_id, run_ids in world.deleted.items():
                if thread_id != world.thread_id:
                    assert world.invariants.left(thread_id, run_ids) == 0
        finally:
            world.system.local.transport.interceptors.remove(world)


@pytest.mark.promise("10.10")
@pytest.mark.hypothesis
def test_anything_in_any_order(tmp_path: Path) -> None:
    """Never two active runs, an illegal transition, a second answer, a change of what is over, a
    loss, or anything stuck.
    """
    system = System(tmp_path)

    class Here(RunMachine):
        def __init__(self) -> None:
            super().__init__(system)

    most = max(200, settings().max_examples // 5)
    try:
        run_state_machine_as_test(
            Here, settings=settings(max_examples=most, stateful_step_count=30)
        )
    finally:
        system.local.stop()
