"""A script for `ScriptedProvider` that pauses until the test has seen what came before."""

import threading
from collections.abc import Iterator

from tests.scripted_provider import Stall
from threadkeep.providers.port import Chunk

_PATIENCE = 20  # seconds after which something is stuck


class Held(list[Chunk | Stall]):
    """A script whose second chunk comes when it is let go."""

    def __init__(self, *script: Chunk | Stall) -> None:
        super().__init__(script)
        self.let_go = threading.Event()

    def __iter__(self) -> Iterator[Chunk | Stall]:
        first, *rest = super().__iter__()
        yield first
        assert self.let_go.wait(_PATIENCE)
        yield from rest
