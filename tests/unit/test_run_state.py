"""The life of a run, as its table says."""

from dataclasses import replace

import pytest

from threadkeep.domain.run_state import ACTIVE, TRANSITIONS, effective, effective_status
from threadkeep.domain.runs import Run, RunStatus, RunStep
from threadkeep.domain.turns import effective_step

RUN = Run(
    id="run_1",
    thread_id="thread_1",
    assistant_id="asst_1",
    created_at=1_000,
    expires_at=1_600,
    status="queued",
    model="gpt-4o",
)
STEP = RunStep(
    id="step_1",
    run_id="run_1",
    thread_id="thread_1",
    assistant_id="asst_1",
    created_at=1_001,
    type="message_creation",
)


def test_nothing_leaves_an_end() -> None:
    """Every transition starts from an active status."""
    assert all(source in ACTIVE for t in TRANSITIONS.values() for source in t.sources)


def test_what_ends_a_run_says_what_becomes_of_its_step() -> None:
    """A transition closes the open step exactly when it ends the run."""
    assert all((t.step is not None) == (t.target not in ACTIVE) for t in TRANSITIONS.values())


@pytest.mark.parametrize("status", sorted(ACTIVE - {"cancelling"}))
def test_expiry_is_exact(status: RunStatus) -> None:
    """An active run is expired from its deadline on, not a moment earlier."""
    run = replace(RUN, status=status)
    assert effective_status(run, 1_599.999) == status
    assert effective_status(run, 1_600) == "expired"


def test_a_run_being_cancelled_ends_cancelled() -> None:
    """Past its deadline a cancelling run is cancelled, at its deadline."""
    run = effective(replace(RUN, status="cancelling"), 1_700)
    assert (run.status, run.cancelled_at) == ("cancelled", 1_600)


def test_steps_follow_their_run() -> None:
    """An open step of a run that is over is over, too; a closed one never changes."""
    run = replace(RUN, status="in_progress")
    assert effective_step(STEP, run, 1_599) is STEP
    expired = effective_step(STEP, run, 1_600)
    assert (expired.status, expired.expired_at) == ("expired", 1_600)
    done = replace(STEP, status="completed", completed_at=1_100)
    assert effective_step(done, run, 1_700) is done
