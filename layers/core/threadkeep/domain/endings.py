"""How a run ends: what becomes of the run, its open step and the message that the step makes.

The writer of an end stores these values. Until it is written, readers are shown the same ones.
"""

from dataclasses import replace

from threadkeep.domain.objects import LastError, Message, Run, RunStatus, RunStep, Usage
from threadkeep.domain.run_state import Transition, unwritten_end

# Why a message that was begun is incomplete, by the status its run ended in.
INCOMPLETE_REASONS = {
    "incomplete": "max_tokens",
    "failed": "run_failed",
    "expired": "run_expired",
    "cancelled": "run_cancelled",
}


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


def ended_step(
    step: RunStep, transition: Transition, now: int, error: LastError | None = None
) -> RunStep:
    """The open step as it ends with its run."""
    over = replace(step, expires_at=None)
    match transition.step:
        case "completed":
            return replace(over, status="completed", completed_at=now)
        case "failed":
            return replace(over, status="failed", failed_at=now, last_error=error and _shown(error))
        case "cancelled":
            return replace(over, status="cancelled", cancelled_at=now)
        case "expired":
            return replace(over, status="expired", expired_at=now)
        case _:
            raise AssertionError(f"{transition} ends no step")


def ended_message(
    message: Message, transition: Transition, now: int, reason: str | None = None
) -> Message:
    """The begun message as it ends with its run; `reason`: why, if the model said it itself."""
    if transition.target not in INCOMPLETE_REASONS:
        return replace(message, status="completed", completed_at=now)
    why = reason or INCOMPLETE_REASONS[transition.target]
    return replace(message, status="incomplete", incomplete_at=now, incomplete_reason=why)


def end_time(run: Run, now: int) -> int:
    """When a run ends whose end is written at `now`: for readers it is over at its deadline."""
    return min(now, run.expires_at)


def effective(run: Run, now: float) -> Run:
    """The run as readers see it at `now`."""
    ending = unwritten_end(run, now)
    return ended(run, ending, run.expires_at) if ending else run


def effective_step(step: RunStep, run: Run, now: float) -> RunStep:
    """The step as readers see it at `now`: over if its run is, and nobody has written that."""
    ending = unwritten_end(run, now)
    return ended_step(step, ending, run.expires_at) if ending and step.begun else step


def effective_message(message: Message, run: Run, now: float) -> Message:
    """The message as readers see it at `now`: over if its run is, and nobody has written that."""
    ending = unwritten_end(run, now)
    return ended_message(message, ending, run.expires_at) if ending and message.begun else message


def _timed(run: Run, now: int) -> Run:
    """The run with the time of its end; an expired run has none."""
    status: RunStatus = run.status
    match status:
        case "completed" | "incomplete":
            return replace(run, completed_at=now)
        case "failed":
            return replace(run, failed_at=now)
        case "cancelled":
            return replace(run, cancelled_at=now)
        case _:
            return run


def _shown(error: LastError) -> LastError:
    """The error as a step has it: the API's steps know no `invalid_prompt`."""
    return replace(error, code="server_error") if error.code == "invalid_prompt" else error
