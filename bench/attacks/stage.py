"""What an attack has: the server, and the model that it asks."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from bench.attacks.victim import Victim
from tests.model_turns import Received, Say, Turn


class Model:
    """Says something short, unless an attack sets `turn`."""

    def __init__(self) -> None:
        self.turn: Callable[[Received], Turn] = lambda _: Say()

    def __call__(self, received: Received) -> Turn:
        return self.turn(received)


@dataclass(frozen=True)
class Stage:
    """Both are this attack's own."""

    victim: Victim
    model: Model


@dataclass(frozen=True)
class Attack:
    """`act` does it and says what came of it.

    `prepare` comes before anything is measured. `watched` is whether another project's GETs are
    timed: not where the server is restarted.
    """

    act: Callable[[Stage], str]
    title: str
    watched: bool = True
    prepare: Callable[[Stage], None] = lambda _: None


def many(times: int, act: Callable[[int], object], hands: int = 16) -> None:
    """Do it so often, by several threads; what fails as the server does is not repeated."""
    with ThreadPoolExecutor(hands) as pool:
        for future in [pool.submit(act, number) for number in range(times)]:
            future.exception()


class Stopwatch:
    """How long it has been, in seconds; also as text."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def __str__(self) -> str:
        return f"{self.seconds:.1f} s"

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began
