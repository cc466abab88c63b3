"""The life of a run as data: every transition, who makes it, and what must hold for it.

Nothing else in the code names a transition; the store makes its conditions of this table. Expiry
is a fact about time: an active run past its deadline is over for every reader, whether or not
anybody has written that.
"""

from dataclasses import dataclass, fields, replace
from typing import Literal, TypeAlias

from threadkeep.domain.runs import LastError, Run, RunSnapshot, RunStatus, RunStepStatus, Usage

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

CRASHED = LastError(code="server_error", message="Sorry, something went wrong.")


def created(snapshot: RunSnapshot, id_: str) -> Run:
    """The run with this id, queued for its first leg."""
    given = {each.name: getattr(snapshot, each.name) for each in fields(RunSnapshot)}
    return Run(id=id_, status="queued", queued_at=snapshot.created_at, **given)


Verdict: TypeAlias = Literal["work", "waits", "over"] | Transition
"""What is to be done about a leg of a run: work on it, wait until its deadline, nothing, or write
the transition that is due."""


def verdict(run: Run | None, leg: int, now: float) -> Verdict:
    """What is to be done about the leg, by the run as it was read at `now`. Writes nothing.

    A run that is gone, or is on another leg by now, is over for this leg.
    """
    if run is None or run.leg != leg or run.status not in ACTIVE:
        return "over"
    if run.status in CANCEL.sources:
        return CANCEL
    if now >= run.expires_at:
        return EXPIRE
    return "waits" if run.status == PARK.target else "work"


def unwritten_end(run: Run, now: float) -> Transition | None:
    """The transition that should have been written: EXPIRE or CANCEL past the deadline, else None.

    A reader that finds a finished run with an open step has a stale step, and reads it again.
    """
    if run.status not in ACTIVE or now < run.expires_at:
        return None
    return CANCEL if run.status in CANCEL.sources else EXPIRE


def effective_status(run: Run, now: float) -> RunStatus:
    """The run's status at `now`, for every reader, every guard and the thread's lock."""
    ending = unwritten_end(run, now)
    return ending.target if ending else run.status


def ended(
    run: Run,
    transition: Transition,
    now: int,
    *,
    usage: Usage | None = None,
    error: LastError | None = None,
    incomplete_reason: str | None = None,
) -> Run:
    """The run as it ends at `now`, or at its deadline if that was before.

    `usage` is what the whole run has cost, if that differs from what the run shows.
    """
    over = replace(
        run,
        status=transition.target,
        open_step=None,
        pending_calls=(),
        usage=usage or run.usage or Usage(),
        last_error=error,
        incomplete_reason=incomplete_reason,
    )
    return _timed(over, end_time(run, now))


def effective(run: Run, now: float) -> Run:
    """The run as readers see it at `now`."""
    ending = unwritten_end(run, now)
    return ended(run, ending, run.expires_at) if ending else run


def end_time(run: Run, now: int) -> int:
    """When a run ends whose end is written at `now`: for readers it is over at its deadline."""
    return min(now, run.expires_at)


def _timed(run: Run, now: int) -> Run:
    """The run with the time of its end; an expired run has none."""
    match run.status:
        case "completed" | "incomplete":
            return replace(run, completed_at=now)
        case "failed":
            return replace(run, failed_at=now)
        case "cancelled":
            return replace(run, cancelled_at=now)
        case _:
            return run
