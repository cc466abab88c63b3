"""The lookout: looks once a second at all the runs that a process works on, in one read."""

import contextvars
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from threadkeep.domain.clock import Clock
from threadkeep.domain.references import RunRef
from threadkeep.store.database import MOST_KEYS
from threadkeep.store.runs import Runs, Standing

_LOG = logging.getLogger("threadkeep.runs")
_EVERY = 1.0  # seconds between two looks

Report = Callable[[Standing | None], None]


@dataclass(eq=False)
class _Watcher:
    """An attempt. Looks are made on its behalf, with the rights of its function."""

    ref: RunRef
    report: Report
    context: contextvars.Context


class Lookout:
    """Reports to the attempts of a process what their runs are like, each about once a second.

    Invariant: while anybody watches, one thread reads. It reads what is committed, so a report is
    about a second old, or older if looks failed. A look that fails reports nothing and is made
    again a second later: it ends no attempt. That is safe, because whatever an attempt writes is
    conditional on the run itself; a look only spares work.
    The last one to leave waits for the thread: nothing stays behind an invocation.
    """

    def __init__(self, runs: Runs, clock: Clock) -> None:
        self._runs = runs
        self._clock = clock
        self._changed = threading.Condition()
        self._watchers: list[_Watcher] = []
        self._thread: threading.Thread | None = None  # who looks out; another one has been relieved

    @contextmanager
    def watching(self, ref: RunRef, report: Report) -> Iterator[None]:
        """In the block `report` is called with the run's state (None: it is gone) after each look.

        It is called by the lookout's thread: it must not wait, nor raise.
        """
        watcher = _Watcher(ref, report, contextvars.copy_context())
        with self._changed:
            self._watchers.append(watcher)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="lookout", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            self._leave(watcher)

    def _leave(self, watcher: _Watcher) -> None:
        with self._changed:
            self._watchers.remove(watcher)
            if self._watchers or self._thread is None:
                return
            relieved, self._thread = self._thread, None
            self._changed.notify_all()
        relieved.join()

    def _run(self) -> None:
        while watchers := self._wait():
            for start in range(0, len(watchers), MOST_KEYS):
                self._look(watchers[start : start + MOST_KEYS])

    def _wait(self) -> list[_Watcher]:
        """The watchers, once it is time to look; none when this thread is relieved."""
        me = threading.current_thread()
        with self._changed:
            at = self._clock.monotonic() + _EVERY
            while self._thread is me and self._clock.monotonic() < at:
                self._clock.wait(self._changed, at)
            return list(self._watchers) if self._thread is me else []

    def _look(self, watchers: Sequence[_Watcher]) -> None:
        """One read for at most `MOST_KEYS`."""
        refs = {watcher.ref for watcher in watchers}
        try:
            found = watchers[0].context.run(self._runs.standings, refs)
        except BaseException as error:  # noqa: BLE001  (a thread's edge: nobody else would look)
            _LOG.warning("a look at %s runs failed: %s", len(refs), type(error).__name__)
            return
        for watcher in watchers:
            watcher.report(found.get(watcher.ref))
