"""Reading a model while watching the clock and the run: a stalled model holds up nothing."""

import math
import threading
from collections import deque
from collections.abc import Callable, Generator
from enum import Enum

from threadkeep.domain.clock import Clock, Moment
from threadkeep.providers.port import CallArguments, Chunk, ModelCall, Text

LOOK_EVERY = 1.0  # seconds between two looks at the run
_ROOM = 1_000_000  # characters that may wait to be taken; the model is not read any further then


class Interrupted(Enum):
    """Why the reading stopped before the model did, or paused (`DUE`)."""

    DEADLINE = "the run's time is up"
    CANCELLED = "the run is being cancelled"
    DUE = "the caller has something to do"


def watch(
    call: ModelCall,
    clock: Clock,
    deadline: float,
    look: Callable[[], Interrupted | None],
    due: Callable[[], float | None] = lambda: None,
) -> Generator[Chunk | Interrupted]:
    """The call's chunks, until its end, `deadline` (Unix seconds), or a reason that `look` gives.

    `due` says when (monotonic) the caller wants to be asked (`DUE`) although the model says
    nothing. The deadline is the wall clock's, which may be set: each look at the run is one at it.

    The model is read by a thread of its own that only fills a mailbox; everything else happens
    here, in the caller's thread. However this ends, the call is stopped and its thread is gone.
    """
    mailbox = _Mailbox(clock)
    reader = threading.Thread(target=mailbox.fill, args=(call,), name="model", daemon=True)
    reader.start()
    try:
        yield from _take(mailbox, clock, deadline, look, due)
    finally:
        mailbox.close()
        call.stop()
        reader.join()


def pause(
    clock: Clock, deadline: float, look: Callable[[], Interrupted | None], until: float = math.inf
) -> Interrupted:
    """Wait until `until` (monotonic) and go on watching: `DUE`, or what came before that."""
    silence = _take(_Mailbox(clock), clock, deadline, look, lambda: until)
    return next(each for each in silence if isinstance(each, Interrupted))


def _take(
    mailbox: "_Mailbox",
    clock: Clock,
    deadline: float,
    look: Callable[[], Interrupted | None],
    due: Callable[[], float | None],
) -> Generator[Chunk | Interrupted]:
    next_look = clock.monotonic() + LOOK_EVERY
    while True:
        due_at = due() or math.inf
        item = mailbox.take(min(next_look, due_at, Moment.of(clock).of_wall(deadline)))
        if isinstance(item, _End):
            item.check()
            return
        if item is not None:
            yield item
        now = Moment.of(clock)
        if now.wall >= deadline:
            yield Interrupted.DEADLINE
            return
        if item is None and now.monotonic >= due_at:
            yield Interrupted.DUE
        if now.monotonic >= next_look:
            if reason := look():
                yield reason
                return
            next_look = clock.monotonic() + LOOK_EVERY


class _End:
    """The reader is done; `error` is a bug that ended it."""

    def __init__(self, error: BaseException | None = None) -> None:
        self._error = error

    def check(self) -> None:
        if self._error:
            raise self._error


class _Mailbox:
    """A queue with limited room, whose reader waits by the clock.

    Who fills it waits for room, so that a model that talks faster than anybody can write takes no
    memory. It never waits for good: the reader takes on, or closes the mailbox.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._condition = threading.Condition()
        self._items: deque[Chunk | _End] = deque()
        self._size = 0
        self._closed = False

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

    def take(self, until: float) -> Chunk | _End | None:
        """The next item, or None at `until` (monotonic)."""
        with self._condition:
            while not self._items:
                if self._clock.monotonic() >= until:
                    return None
                self._clock.wait(self._condition, until)
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
