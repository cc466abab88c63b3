"""Reading a model that talks faster than anybody listens."""

import threading
from collections.abc import Iterator
from contextlib import closing, nullcontext

from tests.fake_clock import FakeClock
from threadkeep.execution.watch import _ROOM, watch
from threadkeep.providers.port import Chunk, Text

_PIECE = 10_000


class Flood:
    """A call that never ends. `said` counts its characters."""

    def __init__(self) -> None:
        self.said = 0
        self.stopped = threading.Event()

    def __iter__(self) -> Iterator[Chunk]:
        while not self.stopped.is_set():
            self.said += _PIECE
            yield Text("x" * _PIECE)

    def stop(self) -> None:
        self.stopped.set()


def test_a_model_is_not_read_further_than_there_is_room() -> None:
    """However long its chunks lie there; it goes on when one is taken, and ends when it is left."""
    clock, flood, before = FakeClock(), Flood(), set(threading.enumerate())
    with closing(watch(flood, clock, clock.now() + 60, lambda _: nullcontext())) as chunks:
        for _ in range(500):
            assert isinstance(next(chunks), Text)
        taken = 500 * _PIECE
        assert flood.said <= taken + _ROOM + 2 * _PIECE
    assert flood.stopped.is_set()
    assert set(threading.enumerate()) <= before
