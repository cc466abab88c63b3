"""Partition keys. Their first part is the project, which the authorizer alone decides."""

from dataclasses import dataclass
from typing import Any

from threadkeep.domain.ids import valid_project, well_formed
from threadkeep.store.expressions import Value


@dataclass(frozen=True)
class ThreadRef:
    """Which thread, of whom."""

    project_id: str
    thread_id: str

    @property
    def partition(self) -> str:
        if not (valid_project(self.project_id) and well_formed("thread", self.thread_id)):
            raise ValueError("not a thread's key")
        return f"{self.project_id}/{self.thread_id}"

    @property
    def key(self) -> dict[str, Value]:
        return {"thread": self.partition}


@dataclass(frozen=True)
class RunRef:
    """Which run, of whom."""

    project_id: str
    thread_id: str
    run_id: str

    @property
    def thread(self) -> ThreadRef:
        return ThreadRef(self.project_id, self.thread_id)

    @property
    def partition(self) -> str:
        if not well_formed("run", self.run_id):
            raise ValueError("not a run's key")
        return f"{self.thread.partition}/{self.run_id}"

    @property
    def key(self) -> dict[str, Value]:
        return {"thread": self.thread.partition, "run_id": self.run_id}

    @staticmethod
    def of(fields: dict[str, Any]) -> "RunRef":
        """The reference in an execution's input."""
        return RunRef(fields["project_id"], fields["thread_id"], fields["run_id"])
