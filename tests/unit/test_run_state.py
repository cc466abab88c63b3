"""The life of a run, as its table says."""

from dataclasses import replace

import pytest

from threadkeep.domain.objects import Message
from threadkeep.domain.run_state import (
    ACTIVE,
    EXPIRE,
    FAIL,
    STOP,
    TRANSITIONS,
    effective,
    effective_status,
    ended,
)
from threadkeep.domain.runs import LastError, Run, RunStatus, RunStep, Usage
from threadkeep.domain.turns import (
    OpenTurn,
    effective_message,
    effective_step,
    ended_step,
)

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
MESSAGE = Message(
    id="msg_1",
    thread_id="thread_1",
    created_at=1_001,
    role="assistant",
    content=(),
    status="in_progress",
    run_id="run_1",
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


def test_messages_follow_their_run() -> None:
    """A begun message of a run that is over is incomplete; one that is complete never changes."""
    run = replace(RUN, status="in_progress")
    assert effective_message(MESSAGE, run, 1_599) is MESSAGE
    expired = effective_message(MESSAGE, run, 1_600)
    assert (expired.status, expired.incomplete_reason) == ("incomplete", "run_expired")
    done = replace(MESSAGE, status="completed", completed_at=1_100)
    assert effective_message(done, run, 1_700) is done


def test_an_end_keeps_what_the_run_had_cost() -> None:
    """Those who end a run of another know no more; a run that has cost nothing says so."""
    cost = Usage(prompt_tokens=7)
    assert ended(replace(RUN, usage=cost), EXPIRE, 1_700).usage == cost
    assert ended(RUN, EXPIRE, 1_700).usage == Usage()
    assert ended(replace(RUN, usage=cost), FAIL, 1_500, usage=Usage()).usage == Usage()


@pytest.mark.parametrize(
    ("code", "shown"),
    [("invalid_prompt", "server_error"), ("rate_limit_exceeded", "rate_limit_exceeded")],
)
def test_a_step_shows_why_it_failed(code: str, shown: str) -> None:
    """In the words that steps have: `invalid_prompt` is none of them."""
    failed = ended_step(STEP, FAIL, 1_500, LastError(code=code, message="m"))
    assert failed.last_error == LastError(code=shown, message="m")
    assert ended_step(STEP, FAIL, 1_500).last_error is None
    assert ended_step(STEP, STOP, 1_500, LastError(code=code, message="m")).last_error is None


def test_a_turn_without_a_message_says_nothing() -> None:
    """Text is for the message; a step of calls has none."""
    assert OpenTurn(STEP).saying("x") == OpenTurn(STEP)
