"""Threads that nothing ends but `stop`."""

import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from functions.bugs import place
from threadkeep.domain.clock import Clock

EXIT_CODE = 70  # of a process that a worker has left: "internal software error" (sysexits.h)
_BACK_OFF = 0.5  # seconds, then twice as many after each failure
_DOUBLINGS = 6

_LOG = logging.getLogger("threadkeep.workers")


class Stopped(Exception):
    """The worker is to end: raised by what it waits with."""


class Worker:
    """Takes one step after the other, on a thread of its own, until it is stopped.

    What a step raises is a bad moment (a full disk, a lock that another program holds, no
    descriptors left) or a bug. It is logged by type and place, and the step is taken again, ever
    later. A server whose worker has ended would answer and do nothing, so a thread that ends all
    the same ends the process: a restart is safe.

    `stop` waits until the thread has ended or is away: in a function, or idle. From there it can't
    come back: whoever was away is ended where it would return.
    """

    def __init__(
        self,
        name: str,
        step: Callable[[], None],
        clock: Clock,
        end_process: Callable[[str], object] | None = None,
    ) -> None:
        self._name = name
        self._step = step
        self._clock = clock
        self._end_process = end_process or _end_process
        self._changed = threading.Condition()
        self._stopped = False
        self._away = True  # not on our ground: waiting, in a function, or not running at all
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._away = False
        self._thread.start()

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._away)

    def pause(self, seconds: float) -> None:
        """Do nothing for so long; raises Stopped."""
        until = self._clock.monotonic() + seconds
        with self._changed:
            while not self._stopped and self._clock.monotonic() < until:
                self._clock.wait(self._changed, until)
            if self._stopped:
                raise Stopped

    @contextmanager
    def away(self) -> Iterator[None]:
        """Be away during the block; raises Stopped before it, and after it."""
        with self._changed:
            if self._stopped:
                raise Stopped
            self._away = True
        try:
            yield
        finally:
            with self._changed:
                if self._stopped:
                    raise Stopped
                self._away = False

    def _run(self) -> None:
        try:
            self._work()
        except Stopped:
            with self._changed:
                self._away = True
                self._changed.notify_all()
        except BaseException as error:  # noqa: BLE001  (a thread's edge: the process ends)
            self._end_process(
                f"threadkeep: the worker {self._name} has ended ({type(error).__name__} at"
                f" {place(error)}). The process ends, too: start it again, nothing is lost."
            )

    def _work(self) -> None:
        failures = 0
        while True:
            try:
                self._step()
                failures = 0
            except Stopped:
                raise
            except Exception as error:  # noqa: BLE001  (a worker's edge: it goes on)
                failures += 1
                _LOG.error("%s: %s at %s; goes on", self._name, type(error).__name__, place(error))
                self.pause(_BACK_OFF * 2 ** min(failures - 1, _DOUBLINGS))


def _end_process(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
    os._exit(EXIT_CODE)
