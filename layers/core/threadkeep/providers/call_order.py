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
        self._telling = 0
        self._arguments = Arguments()
        self._held: dict[int, list[Piece]] = {}

    def take(self, piece: Piece) -> Iterator[Piece]:
        """What may be told now that this has come."""
        if piece.index <= self._telling:
            yield from self._told([piece])
        else:
            held_before = bool(self._held)
            self._held.setdefault(piece.index, []).append(piece)
            if held_before:
                return  # nothing new has come of the call that is being told
        while self._held and self._arguments.is_whole:
            yield from self._next()

    def rest(self) -> Iterator[Piece]:
        """What is still held when nothing more comes of the turn's calls."""
        while self._held:
            yield from self._next()

    def _next(self) -> Iterator[Piece]:
        self._telling = min(self._held)
        self._arguments = Arguments()
        return self._told(self._held.pop(self._telling))

    def _told(self, pieces: Iterable[Piece]) -> Iterator[Piece]:
        for piece in pieces:
            if isinstance(piece, CallArguments) and piece.index == self._telling:
                self._arguments.add(piece.value)
            yield piece
