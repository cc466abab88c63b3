"""Stream records that wait for a function, taken round robin from the projects that have some."""

from collections import deque
from collections.abc import Iterable

from infra.local.aws.records import Record


class Backlog:
    """In order within a project; a project that has many does not hold up another one's few.

    `read` is the last record that was read. `done` is the last up to which all are done: only so
    far may a checkpoint move, so what was taken out of turn comes twice after a crash, never not at
    all.
    """

    def __init__(self, read: int) -> None:
        self.read = read
        self._open: dict[int, None] = {}  # sequences that are not done, in order
        self._waiting: dict[str, deque[Record]] = {}  # by project, the next one first

    def __len__(self) -> int:
        return len(self._open)

    @property
    def done(self) -> int:
        return next(iter(self._open), self.read + 1) - 1

    def add(self, records: Iterable[Record]) -> None:
        """Records that were read after all others."""
        for record in records:
            self._open[record.sequence] = None
            self._waiting.setdefault(_project(record), deque()).append(record)

    def take(self, most: int) -> list[Record]:
        """The next records, one of each project in turn."""
        taken: list[Record] = []
        while self._waiting and len(taken) < most:
            project = next(iter(self._waiting))
            records = self._waiting.pop(project)
            taken.append(records.popleft())
            if records:
                self._waiting[project] = records  # behind the others
        return sorted(taken, key=lambda record: record.sequence)

    def close(self, records: Iterable[Record]) -> None:
        """These are done, or given up."""
        for record in records:
            self._open.pop(record.sequence, None)


def _project(record: Record) -> str:
    keys = record.document["dynamodb"].get("Keys", {})
    thread: str = keys.get("thread", {}).get("S", "")
    return thread.partition("/")[0]
