"""Whose turn it is to work: few threads at once, and the projects take turns.

Everything here shares one interpreter. Hundreds of threads that want it at once make each of them
slow, whoever they work for: a short run waited for every stream of another project. So a thread
works only in its turn, and whoever waits for a model, an event or the time gives its turn up.
"""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from threadkeep.domain.clock import Clock

_AT_ONCE = 4  # enough to keep two cores busy while some wait for the disk


class Turns:
    """Turns at working, passed on round robin between the projects that have a backlog.

    Invariant: nobody waits while a turn is free, because a turn that ends is handed over directly.
    Within a project it goes by who came first. A project that floods the others makes its own
    backlog longer; another one waits for one turn of each project with a backlog, at most.
    """

    def __init__(self, at_once: int = _AT_ONCE) -> None:
        self._lock = threading.Lock()
        self._free = at_once
        self._backlogs: dict[str, deque[threading.Lock]] = {}  # by project, the next one first
        self._mine = threading.local()

    @property
    def backlog(self) -> int:
        """How many threads wait for their turn."""
        with self._lock:
            return sum(map(len, self._backlogs.values()))

    @contextmanager
    def taken(self, project: str) -> Iterator[None]:
        """In the block the thread works, for this project. Within a turn it is a part of that."""
        if self._project() is not None:
            yield
            return
        self._take(project)
        try:
            yield
        finally:
            self._end()

    @contextmanager
    def away(self) -> Iterator[None]:
        """In the block the thread waits for something that may take long, and others work."""
        project = self._project()
        if project is None:
            yield
            return
        self._end()
        try:
            yield
        finally:
            self._take(project)

    @contextmanager
    def given_up(self, condition: threading.Condition) -> Iterator[None]:
        """In the block the thread waits on `condition`, which it holds, and others work.

        It waits for its next turn without the condition: who works may be about to take that.
        """
        if self._project() is None:
            yield
            return
        try:
            with self.away():
                try:
                    yield
                finally:
                    condition.release()
        finally:
            condition.acquire()

    def _project(self) -> str | None:
        """Whom this thread works for, if it has a turn."""
        project: str | None = getattr(self._mine, "project", None)
        return project

    def _take(self, project: str) -> None:
        with self._lock:
            turn = threading.Lock()
            if self._free:
                self._free -= 1
            else:
                turn.acquire()
                self._backlogs.setdefault(project, deque()).append(turn)
        turn.acquire()  # at once, or when it is handed over
        self._mine.project = project

    def _end(self) -> None:
        self._mine.project = None
        with self._lock:
            project = next(iter(self._backlogs), None)
            if project is None:
                self._free += 1
                return
            backlog = self._backlogs.pop(project)
            backlog.popleft().release()
            if backlog:
                self._backlogs[project] = backlog  # behind the others


class SharedClock:
    """A clock on which whoever waits gives up its turn."""

    def __init__(self, clock: Clock, turns: Turns) -> None:
        self._clock = clock
        self._turns = turns
        self.now = clock.now
        self.monotonic = clock.monotonic

    def wait(self, condition: threading.Condition, until: float) -> None:
        """As `Clock.wait`."""
        with self._turns.given_up(condition):
            self._clock.wait(condition, until)
