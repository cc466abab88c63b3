"""Another project's GET, all the time: a process of its own, so that the attacker's own work does
not count.

One is due every 50 ms, and its time counts from when it was due: who comes while another one is
held up waits, too.
"""

import http.client
import math
import multiprocessing
import statistics
import time
from contextlib import suppress
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
        """What those took that were due until now. It ends the asking."""
        self._pipe.send(time.monotonic())
        waits: Waits = self._pipe.recv()
        return waits


def _visit(host: str, path: str, pipe: Connection) -> None:
    taken: list[float] = []
    lost = 0
    pipe.send(None)
    connection = http.client.HTTPConnection(host, timeout=_PATIENCE)
    due, until = time.monotonic(), math.inf
    while due < until:
        if until == math.inf and pipe.poll(max(0.0, due - time.monotonic())):
            until = pipe.recv()  # those that are due already are still asked
        try:
            connection.request("GET", f"/v1{path}", headers={"authorization": f"Bearer {OTHER}"})
            connection.getresponse().read()
            taken.append((time.monotonic() - due) * 1000)
        except (OSError, http.client.HTTPException):
            lost += 1
            with suppress(OSError):
                connection.close()
        due += _BETWEEN
    pipe.send(Waits(statistics.median(taken or [0]), max(taken, default=0), lost))
