"""What a writer holds of a run, and what becomes of a writer that another one overtook."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeVar

from threadkeep.domain.references import RunRef
from threadkeep.domain.runs import Run

T = TypeVar("T")

RowKind: TypeAlias = Literal["event", "delta", "takeover", "sealed"]
"""What a row of a run's log is. `event` and `delta` are shown to readers. `takeover` is where a new
attempt begins. `sealed` is a row of a log that nobody writes any more."""


@dataclass(frozen=True)
class HeldRun:
    """A run as a writer last read or wrote it, whose it is, and the end of its log.

    `last_row` is the number of the log's last row, 0 if there is none; `last_kind` is its kind. An
    unstreamed run has no log. Holding is no lock: each write has a condition on what is held.
    """

    ref: RunRef
    run: Run
    last_row: int = 0
    last_kind: RowKind | None = None

    @property
    def turn_was_shown(self) -> bool:
        """Whether readers have seen a piece of the open turn: it cannot be done again."""
        return self.run.open_step is not None and self.last_kind == "delta"


@dataclass
class RunLost(Exception):
    """The run was not as the writer had to find it; nothing was written. `run` is what is there."""

    run: Run | None


def retry_on_lost_race(decide: Callable[[], T]) -> T:
    """Decide until no other writer moves the run on meanwhile. `decide` reads it, then writes it.

    Terminates: a run has finitely many transitions, and each retry means that another writer has
    made one.
    """
    while True:
        try:
            return decide()
        except RunLost:
            continue
