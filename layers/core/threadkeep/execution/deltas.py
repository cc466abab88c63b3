"""Gathering deltas: the first of a turn is written at once, then one row for what came since."""

from collections.abc import Iterator
from dataclasses import replace

from threadkeep.domain.events import CallDelta, TextDelta

Delta = TextDelta | CallDelta

_LONGEST = 40_000  # characters in a delta: whatever they are, its row holds them


class Deltas:
    """What is said and not yet written. Pure: the time (monotonic) is a parameter."""

    def __init__(self, gather: float) -> None:
        self._gather = gather
        self._pending: Delta | None = None
        self._last = float("-inf")
        self._first = True

    @property
    def due(self) -> float | None:
        """When what is pending is to be written."""
        return self._last + self._gather if self._pending else None

    def begin(self) -> None:
        """A turn begins: its first delta is written at once, and marked as the first."""
        self._first = True
        self._last = float("-inf")

    def take(self, change: Delta, now: float) -> list[Delta]:
        """What is to be written now that this has been said."""
        ready: list[Delta] = []
        if isinstance(change, TextDelta) and self._first:
            change = replace(change, first=True)
        self._first = False
        for piece in _pieces(change):
            merged = _merged(self._pending, piece)
            if merged is None and self._pending:
                ready.append(self._pending)
            self._pending = merged or piece
        return [*ready, *self.flush(now)] if now >= self._last + self._gather else ready

    def flush(self, now: float) -> list[Delta]:
        """What is pending."""
        ready, self._pending = self._pending, None
        if ready is None:
            return []
        self._last = now
        return [ready]


def _pieces(change: Delta) -> Iterator[Delta]:
    """The change in pieces that are not too long; the first has the id and the name."""
    text = _text(change)
    yield _with(change, text[:_LONGEST])
    for start in range(_LONGEST, len(text), _LONGEST):
        piece = text[start : start + _LONGEST]
        if isinstance(change, TextDelta):
            yield TextDelta(change.id, piece)
        else:
            yield CallDelta(change.id, change.index, arguments=piece)


def _merged(pending: Delta | None, change: Delta) -> Delta | None:
    """Both as one, if they are of a kind and not too long; ids and names never come twice."""
    if pending is None or not _of_a_kind(pending, change):
        return None
    text = _text(pending) + _text(change)
    return _with(pending, text) if len(text) <= _LONGEST else None


def _of_a_kind(pending: Delta, change: Delta) -> bool:
    if isinstance(pending, CallDelta) and isinstance(change, CallDelta):
        return not pending.call_id and pending.index == change.index
    return isinstance(pending, TextDelta) and isinstance(change, TextDelta)


def _text(delta: Delta) -> str:
    return delta.text if isinstance(delta, TextDelta) else delta.arguments


def _with(delta: Delta, text: str) -> Delta:
    if isinstance(delta, TextDelta):
        return replace(delta, text=text)
    return replace(delta, arguments=text)
