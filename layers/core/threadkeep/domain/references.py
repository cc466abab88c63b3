"""Which thread or run is meant, and whose it is. The project is what the authorizer decided."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from threadkeep.domain.ids import valid_project, well_formed


@dataclass(frozen=True)
class ThreadRef:
    """Which thread, of which project."""

    project_id: str
    thread_id: str

    @property
    def path(self) -> str:
        """The thread's place. It begins with its project, so no key of another's can name it."""
        if not (valid_project(self.project_id) and well_formed("thread", self.thread_id)):
            raise ValueError("not a thread's path")
        return f"{self.project_id}/{self.thread_id}"


@dataclass(frozen=True)
class RunRef:
    """Which run, of which project."""

    project_id: str
    thread_id: str
    run_id: str

    @property
    def thread(self) -> ThreadRef:
        return ThreadRef(self.project_id, self.thread_id)

    @property
    def path(self) -> str:
        """The run's place, under its thread's."""
        if not well_formed("run", self.run_id):
            raise ValueError("not a run's path")
        return f"{self.thread.path}/{self.run_id}"

    @staticmethod
    def of(fields: Mapping[str, Any]) -> "RunRef":
        """The reference in an execution's input."""
        return RunRef(fields["project_id"], fields["thread_id"], fields["run_id"])
