"""What the executor answers to the state machine."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TypeAlias

from threadkeep.domain.run_state import PARK
from threadkeep.domain.runs import Run

ExecutorAnswer: TypeAlias = Mapping[str, str | None]

DONE: ExecutorAnswer = {"next": "done", "until": None}


def wait_until(deadline: int) -> ExecutorAnswer:
    """Call again (Settle) at `deadline`, in Unix seconds.

    A Wait's timestamp is of RFC 3339's profile in which UTC is written `Z`.
    """
    until = datetime.fromtimestamp(deadline, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"next": "wait", "until": until}


def answer_for(run: Run) -> ExecutorAnswer:
    """The answer for a leg whose work is done: its run waits for outputs, or is over."""
    return wait_until(run.expires_at) if run.status == PARK.target else DONE
