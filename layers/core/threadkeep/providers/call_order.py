"""Function calls one after the other, also from a server that mixes their pieces.

SDKs take a change of the index for the end of a call, and apps act on that.
"""

from collections.abc import Iterable, Iterator

from threadkeep.providers.arguments import Arguments
from threadkeep.providers.port import CallArguments, CallBegan

Piece = CallBegan | CallArguments


class CallOrder:
    """Holds back what comes of a later call until the one before is whole, or no more can come."""

    def __init__(self) -> None:
        self._current = 0
        self._arguments = Arguments()
        self._held: dict[int, list[Piece]] = {}

    def take(self, piece: Piece) -> Iterator[Piece]:
        """What may be passed on now that this has come."""
        if piece.index <= self._current:
            yield from self._passed([piece])
        else:
            held_before = bool(self._held)
            self._held.setdefault(piece.index, []).append(piece)
            if held_before:
                return  # nothing new has come of the current call
        while self._held and self._arguments.is_whole:
            yield from self._next()

    def rest(self) -> Iterator[Piece]:
        """What is still held when nothing more comes of the turn's calls."""
        while self._held:
            yield from self._next()

    def _next(self) -> Iterator[Piece]:
        self._current = min(self._held)
        self._arguments = Arguments()
        return self._passed(self._held.pop(self._current))

    def _passed(self, pieces: Iterable[Piece]) -> Iterator[Piece]:
        for piece in pieces:
            if isinstance(piece, CallArguments) and piece.index == self._current:
                self._arguments.add(piece.value)
            yield piece
