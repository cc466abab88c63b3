"""Another project's GET, all the time: a process of its own, so that the attacker's own work does
not count.

One is asked at a time, 50 ms after the one before. While one is held up, those who would come every
50 ms wait, too: they are counted, until its end. So a minute's standstill is not one bad figure
among many good ones.
"""

import http.client
import multiprocessing
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Self

from bench.attacks.victim import OTHER

_BETWEEN = 0.05  # seconds
_PATIENCE = 90  # seconds for one answer


@dataclass(frozen=True)
class Waits:
    """What the GETs took, in milliseconds; one that got no answer is counted among `lost`."""

    p50: float
    longest: float
    lost: int


class Neighbour:
    """Asks from the moment it is made until `waits`."""

    def __init__(self, host: str, path: str) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_visit, args=(host, path, theirs), daemon=True)

    def __enter__(self) -> Self:
        self._process.start()
        self._pipe.recv()  # it is up
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.join()

    def waits(self) -> Waits:
        """What they took until now, the one that is on its way included. It ends the asking."""
        self._pipe.send(None)
        waits: Waits = self._pipe.recv()
        return waits


def _visit(host: str, path: str, pipe: Connection) -> None:
    taken: list[float] = []
    lost = 0
    pipe.send(None)
    connection = http.client.HTTPConnection(host, timeout=_PATIENCE)
    while not pipe.poll(_BETWEEN):
        began = time.monotonic()
        try:
            connection.request("GET", f"/v1{path}", headers={"authorization": f"Bearer {OTHER}"})
            connection.getresponse().read()
            taken += _waits(time.monotonic() - began)
        except (OSError, http.client.HTTPException):
            lost += 1
            connection.close()
    pipe.send(Waits(statistics.median(taken or [0]), max(taken, default=0), lost))


def _waits(seconds: float) -> Iterator[float]:
    """Milliseconds, of one that took so long and of those who came meanwhile."""
    while seconds > 0:
        yield seconds * 1000
        seconds -= _BETWEEN
