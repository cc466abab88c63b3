"""What the executor answers to the state machine."""

from collections.abc import Mapping
from datetime import UTC, datetime

Answer = Mapping[str, str | None]

DONE: Answer = {"next": "done", "until": None}


def wait_until(deadline: int) -> Answer:
    """Call again (Settle) at `deadline`, in Unix seconds."""
    return {"next": "wait", "until": datetime.fromtimestamp(deadline, UTC).isoformat()}
