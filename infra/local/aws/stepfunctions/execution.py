"""An execution: everything about it that must outlive the process."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass
class Execution:
    """`data` is what the current state was entered with, at last its output: JSON text.

    `due` is when its sleep ends, a Wait's or a retry's; None: it is awake. `tries` counts this
    state's retries by retrier.
    """

    arn: str
    machine: str
    input: str
    started: float
    state: str
    data: str
    tries: Sequence[int] = ()
    due: float | None = None
    status: str = "RUNNING"
    stopped: float | None = None
    error: str | None = None
    cause: str | None = None
