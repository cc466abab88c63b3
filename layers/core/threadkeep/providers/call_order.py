"""Function calls one after the other, also from a server that mixes their pieces.

SDKs take a change of the index for the end of a call, and apps act on that.
"""

import json
from collections.abc import Iterator

from threadkeep.providers.port import CallArguments, CallBegan

Piece = CallBegan | CallArguments


class CallOrder:
    """Holds back what comes of a later call until the one before is whole, or the turn ends."""

    def __init__(self) -> None:
        self._telling = 0
        self._arguments = ""
        self._held: list[Piece] = []

    def take(self, piece: Piece) -> Iterator[Piece]:
        """What may be told now that this has come."""
        self._held.append(piece)
        yield from self._tell()
        while self._held and is_whole(self._arguments):
            self._next()
            yield from self._tell()

    def rest(self) -> Iterator[Piece]:
        """What is still held at the end of the turn."""
        while self._held:
            self._next()
            yield from self._tell()

    def _next(self) -> None:
        self._telling = min(piece.index for piece in self._held)
        self._arguments = ""

    def _tell(self) -> Iterator[Piece]:
        """What is held of the call that is told, and what came too late for one before."""
        ready = [piece for piece in self._held if piece.index <= self._telling]
        self._held = [piece for piece in self._held if piece.index > self._telling]
        for piece in ready:
            if isinstance(piece, CallArguments) and piece.index == self._telling:
                self._arguments += piece.value
            yield piece


def is_whole(arguments: str) -> bool:
    """Whether they are a JSON object: nothing can follow in them."""
    try:
        return arguments.rstrip().endswith("}") and isinstance(json.loads(arguments), dict)
    except (ValueError, RecursionError):
        return False
