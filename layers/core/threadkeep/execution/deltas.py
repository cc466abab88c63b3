"""Gathering deltas: the first of a turn is told at once, then one row for what came since."""

from dataclasses import replace

from threadkeep.domain.events import CallDelta, TextDelta

Delta = TextDelta | CallDelta


class Deltas:
    """What is said and not yet written. Pure: the time is a parameter."""

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
        """A turn begins: its first delta is told at once, and as the first."""
        self._first = True
        self._last = float("-inf")

    def take(self, change: Delta, now: float) -> list[Delta]:
        """What is to be written now that this has been said."""
        ready: list[Delta] = []
        if isinstance(change, TextDelta) and self._first:
            change = replace(change, first=True)
        self._first = False
        merged = _merged(self._pending, change)
        if merged is None and self._pending:
            ready.append(self._pending)
        self._pending = merged or change
        return [*ready, *self.flush(now)] if now >= self._last + self._gather else ready

    def flush(self, now: float) -> list[Delta]:
        """What is pending."""
        ready, self._pending = self._pending, None
        if ready is None:
            return []
        self._last = now
        return [ready]


def _merged(pending: Delta | None, change: Delta) -> Delta | None:
    """Both as one, if they are of a kind; ids and names are never told twice."""
    if isinstance(pending, TextDelta) and isinstance(change, TextDelta):
        return replace(pending, text=pending.text + change.text)
    if isinstance(pending, CallDelta) and isinstance(change, CallDelta):
        if pending.call_id or change.call_id or pending.index != change.index:
            return None
        return replace(pending, arguments=pending.arguments + change.arguments)
    return None
