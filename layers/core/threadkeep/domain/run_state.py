"""The life of a run as data: every transition, who makes it, and what must hold for it.

Nothing else in the code names a transition; the store makes its conditions of this table. Expiry
is a fact about time: an active run past its deadline is over for every reader, whether or not
anybody has written it down.
"""

from dataclasses import dataclass, replace
from typing import Any, Literal

from threadkeep.domain.objects import LastError, Run, RunStatus, RunStep, RunStepStatus, Usage

ACTIVE: frozenset[RunStatus] = frozenset({"queued", "in_progress", "requires_action", "cancelling"})


@dataclass(frozen=True)
class Transition:
    """From any of `sources` to `target`.

    `as_read`: only if the run's attempt, its steps and the open one are those that the writer last
    read or wrote: so what it closes is what is open, and an older attempt writes nothing. `leg`:
    only for the leg that the writer was started for, or has read. `deadline`: only before it, only
    after it, or at any time. `step` is what becomes of the open step.
    """

    sources: tuple[RunStatus, ...]
    target: RunStatus
    writer: str
    as_read: bool = True
    leg: bool = False
    deadline: Literal["before", "after", "any"] = "before"
    step: RunStepStatus | None = None


CREATE = Transition((), "queued", "create")
CLAIM = Transition(("queued", "in_progress"), "in_progress", "executor", leg=True)
WORK = Transition(("in_progress",), "in_progress", "executor")
PARK = Transition(("in_progress",), "requires_action", "executor")
SUBMIT = Transition(("requires_action",), "queued", "submit", leg=True)
COMPLETE = Transition(("in_progress",), "completed", "executor", step="completed")
CUT = Transition(("in_progress",), "incomplete", "executor", step="completed")
FAIL = Transition(("in_progress",), "failed", "executor", step="failed")
RUN_OUT = Transition(("in_progress",), "expired", "executor", deadline="after", step="expired")
STOP = Transition(("cancelling",), "cancelled", "executor", deadline="any", step="cancelled")
ASK_TO_CANCEL = Transition(("in_progress",), "cancelling", "cancel", as_read=False)
CANCEL_IDLE = Transition(("queued", "requires_action"), "cancelled", "cancel", step="cancelled")
# Of a run that nobody works on: by Settle, or by an executor that was to take it up.
EXPIRE = Transition(
    ("queued", "in_progress", "requires_action"),
    "expired",
    "Settle, executor",
    deadline="after",
    step="expired",
)
CANCEL = Transition(
    ("cancelling",), "cancelled", "Settle, executor", deadline="any", step="cancelled"
)
CRASH = Transition(("queued", "in_progress"), "failed", "Settle, executor", leg=True, step="failed")
ABANDON = Transition(
    tuple(sorted(ACTIVE)), "cancelled", "cleaner", as_read=False, deadline="any", step="cancelled"
)

TRANSITIONS = {
    "create": CREATE,
    "claim": CLAIM,
    "work": WORK,
    "park": PARK,
    "submit": SUBMIT,
    "complete": COMPLETE,
    "cut": CUT,
    "fail": FAIL,
    "run out": RUN_OUT,
    "stop": STOP,
    "ask to cancel": ASK_TO_CANCEL,
    "cancel idle": CANCEL_IDLE,
    "expire": EXPIRE,
    "cancel": CANCEL,
    "crash": CRASH,
    "abandon": ABANDON,
}

ENDS = frozenset(transition.target for transition in TRANSITIONS.values()) - ACTIVE

# Why a message that was begun is incomplete, by how its run ended.
INCOMPLETE_REASONS = {
    "incomplete": "max_tokens",
    "failed": "run_failed",
    "expired": "run_expired",
    "cancelled": "run_cancelled",
}

CRASHED = LastError(code="server_error", message="Sorry, something went wrong.")


def unwritten_end(run: Run, now: float) -> Transition | None:
    """How the run has ended at its deadline, as long as nobody has written it.

    None for a run that is going, and for one whose end is written: then the end of its step and
    message is, too, and whoever still sees them open has read them before that.
    """
    if run.status not in ACTIVE or now < run.expires_at:
        return None
    return CANCEL if run.status in CANCEL.sources else EXPIRE


def effective_status(run: Run, now: float) -> RunStatus:
    """What the run is at `now`, for every reader, guard and the thread's lock."""
    ending = unwritten_end(run, now)
    return ending.target if ending else run.status


def abandoned(run: Run) -> bool:
    """Whether the run's thread was deleted under it: nothing else cancels without a time."""
    return run.status == ABANDON.target and run.cancelled_at is None


def effective(run: Run, now: float) -> Run:
    """The run as readers see it at `now`."""
    status = effective_status(run, now)
    if status == run.status:
        return run
    ending = ended_at(status, run.expires_at)
    return replace(run, status=status, usage=run.usage or Usage(), **ending)


def effective_step(step: RunStep, run: Run, now: float) -> RunStep:
    """The step as readers see it at `now`: over if its run is, and nobody has written that."""
    ending = unwritten_end(run, now)
    if not step.begun or ending is None:
        return step
    return replace(step, **step_ends(ending, run.expires_at))


def end_time(run: Run, now: int) -> int:
    """When a run ends whose end is written at `now`: for readers it is over at its deadline."""
    return min(now, run.expires_at)


def step_ends(
    transition: Transition, now: int, usage: Usage | None = None, error: LastError | None = None
) -> dict[str, Any]:
    """What becomes of the open step when its run ends by this transition, as fields."""
    status = transition.step
    failure = {"last_error": error and _of_step(error)} if status == "failed" else {}
    cost = {"usage": usage} if usage else {}
    return {"status": status, f"{status}_at": now, "expires_at": None, **cost, **failure}


def _of_step(error: LastError) -> LastError:
    """Steps know no `invalid_prompt`."""
    return replace(error, code="server_error") if error.code == "invalid_prompt" else error


def ended_at(status: RunStatus, now: int) -> dict[str, Any]:
    """The field that tells when a run ended in this status; an expired run has none."""
    field = {
        "completed": "completed_at",
        "incomplete": "completed_at",
        "failed": "failed_at",
        "cancelled": "cancelled_at",
    }.get(status)
    return {field: now} if field else {}
