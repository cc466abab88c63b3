"""Reading a model while watching the clock and the run: a stalled model holds up nothing."""

import math
import threading
from collections import deque
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, closing
from enum import Enum

from threadkeep.domain.clock import Clock, Moment
from threadkeep.providers.port import CallArguments, Chunk, ModelCall, Text
from threadkeep.store.held_run import RunLost

_ROOM = 1_000_000  # characters that may wait to be taken; the model is not read any further then


class Interrupted(Enum):
    """Why the reading stopped before the model did, or paused (`DUE`)."""

    DEADLINE = "the run's time is up"
    CANCELLED = "the run is being cancelled"
    DUE = "the caller has something to do"


News = Interrupted | RunLost | None
"""What a look at the run brings; None: the attempt goes on."""

Looks = Callable[[Callable[[News], None]], AbstractContextManager[None]]
"""Within the context the function is called with the news of each look, by another thread."""


def watch(
    call: ModelCall,
    clock: Clock,
    deadline: float,
    looks: Looks,
    due: Callable[[], float | None] = lambda: None,
) -> Generator[Chunk | Interrupted]:
    """The call's chunks, until its end, `deadline` (Unix seconds), or news that ends the attempt.

    `due` says when (monotonic) the caller wants to be asked (`DUE`) although the model says
    nothing. Raises the RunLost that a look brought.

    The model is read by a thread of its own that only fills a mailbox; everything else happens
    here, in the caller's thread. However this ends, the call is stopped and its thread is gone.
    """
    mailbox = _Mailbox(clock)
    reader = threading.Thread(target=mailbox.fill, args=(call,), name="model", daemon=True)
    reader.start()
    try:
        yield from _take(mailbox, clock, deadline, looks, due)
    finally:
        mailbox.close()
        call.stop()
        reader.join()


def pause(clock: Clock, deadline: float, looks: Looks, until: float = math.inf) -> Interrupted:
    """Wait until `until` (monotonic) and go on watching: `DUE`, or what came before that."""
    silence = _take(_Mailbox(clock), clock, deadline, looks, lambda: until)
    with closing(silence):
        return next(each for each in silence if isinstance(each, Interrupted))


def _take(
    mailbox: "_Mailbox",
    clock: Clock,
    deadline: float,
    looks: Looks,
    due: Callable[[], float | None],
) -> Generator[Chunk | Interrupted]:
    """What comes, in the caller's thread, which sleeps while nothing does.

    The deadline is the wall clock's. That may be set back, so the time left is computed again
    whenever the deadline seems to have come; and forward, so each look at the run checks it, too.
    """

    def report(news: News) -> None:
        if news or clock.now() >= deadline:
            mailbox.interrupt(news or Interrupted.DEADLINE)

    with looks(report):
        while True:
            due_at = due() or math.inf
            item = mailbox.take(min(due_at, Moment.of(clock).of_wall(deadline)))
            if isinstance(item, _End):
                item.check()
                return
            if isinstance(item, RunLost):
                raise item
            if item is not None:
                yield item
            if isinstance(item, Interrupted):
                return
            now = Moment.of(clock)
            if now.wall >= deadline:
                yield Interrupted.DEADLINE
                return
            if item is None and now.monotonic >= due_at:
                yield Interrupted.DUE


class _End:
    """The reader is done; `error` is a bug that ended it."""

    def __init__(self, error: BaseException | None = None) -> None:
        self._error = error

    def check(self) -> None:
        if self._error:
            raise self._error


class _Mailbox:
    """A queue with limited room, whose reader waits by the clock and can be interrupted.

    Who fills it waits for room, so that a model that talks faster than anybody can write takes no
    memory. It never waits for good: the reader takes on, or closes the mailbox.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._condition = threading.Condition()
        self._items: deque[Chunk | _End] = deque()
        self._size = 0
        self._closed = False
        self._interruption: Interrupted | RunLost | None = None

    def close(self) -> None:
        """Nothing is taken any more; what still comes is dropped."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()

    def fill(self, call: ModelCall) -> None:
        try:
            for chunk in call:
                self._put(chunk)
        except BaseException as error:  # noqa: BLE001  (a thread's edge: raised where it is read)
            self._put(_End(error))
        else:
            self._put(_End())

    def interrupt(self, why: Interrupted | RunLost) -> None:
        """Let this come before anything that is still to be taken."""
        with self._condition:
            self._interruption = why
            self._condition.notify_all()

    def take(self, until: float) -> Chunk | _End | Interrupted | RunLost | None:
        """The interruption, or the next item, or None at `until` (monotonic)."""
        with self._condition:
            while not (self._items or self._interruption):
                if self._clock.monotonic() >= until:
                    return None
                self._clock.wait(self._condition, until)
            if self._interruption:
                return self._interruption
            item = self._items.popleft()
            self._size -= _size(item)
            self._condition.notify_all()
            return item

    def _put(self, item: Chunk | _End) -> None:
        with self._condition:
            self._condition.wait_for(lambda: self._size < _ROOM or self._closed)
            if not self._closed:
                self._items.append(item)
                self._size += _size(item)
                self._condition.notify_all()


def _size(item: Chunk | _End) -> int:
    """How much room it takes: at least 100, for what holds the characters."""
    return 100 + len(item.value) if isinstance(item, Text | CallArguments) else 100
