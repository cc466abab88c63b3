"""What the executor answers to the state machine."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TypeAlias

from threadkeep.domain.run_state import PARK
from threadkeep.domain.runs import Run

Answer: TypeAlias = Mapping[str, str | None]

DONE: Answer = {"next": "done", "until": None}


def wait_until(deadline: int) -> Answer:
    """Call again (Settle) at `deadline`, in Unix seconds."""
    return {"next": "wait", "until": datetime.fromtimestamp(deadline, UTC).isoformat()}


def answer_for(run: Run) -> Answer:
    """The answer for a leg whose work is done: its run waits for outputs, or is over."""
    return wait_until(run.expires_at) if run.status == PARK.target else DONE
