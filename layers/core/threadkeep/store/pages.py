"""Pages of a list: every cursor and filter becomes one range of ids, read with one BETWEEN.

DynamoDB takes a single condition on a sort key. Ids have a fixed length and alphabet, so an
exclusive end is the next or previous text. A cursor need not name anything that is there: a
deleted one still marks its place.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from threadkeep.domain.ids import LENGTH, base62, unbase62
from threadkeep.domain.objects import Page, PageRequest
from threadkeep.store.items import Item, answer_size

T = TypeVar("T")

_LARGEST_PAGE = 3_500_000  # bytes, with room for what is no content: an answer may have 6 MB


@dataclass(frozen=True)
class Range:
    """Ids from `low` to `high`, both included, and in which direction they are read."""

    low: str
    high: str
    forward: bool

    @property
    def empty(self) -> bool:
        """Nobody is asked for an empty range: DynamoDB refuses one."""
        return self.low > self.high


def ids_between(prefix: str, request: PageRequest, within: tuple[str, str] | None = None) -> Range:
    """The ids that a page is taken from. `within`: only ids from the first to the last of these."""
    lows, highs = [f"{prefix}_{'0' * LENGTH}"], [f"{prefix}_{'z' * LENGTH}"]
    if within:
        lows.append(within[0])
        highs.append(within[1])
    ascending = request.order == "asc"
    for cursor, above in ((request.after, ascending), (request.before, not ascending)):
        if cursor and above:
            lows.append(_next(cursor))
        elif cursor:
            highs.append(_previous(cursor))
    # Only `before` is read backwards: the page next to the cursor, not the list's first.
    backwards = request.before is not None and request.after is None
    return Range(max(lows), min(highs), forward=ascending != backwards)


def page(
    request: PageRequest,
    range_: Range,
    read: Callable[[Range, int], Iterator[Item]],
    restore: Callable[[Item], T],
) -> Page[T]:
    """The page: as many items as it may have and as fit into an answer, at least one.

    One more is looked at, which tells whether there is more; nothing is read beyond it.
    """
    kept: list[Item] = []
    has_more, size = False, 0
    for item in () if range_.empty else read(range_, request.limit + 1):
        size += answer_size(item)
        if len(kept) == request.limit or (kept and size > _LARGEST_PAGE):
            has_more = True
            break
        kept.append(item)
    data = [restore(item) for item in kept]
    if range_.forward != (request.order == "asc"):
        data.reverse()
    return Page(data=data, has_more=has_more)


def _next(id_: str) -> str:
    """The lowest id above this one; above all ids for the highest."""
    prefix, number = _number(id_)
    return f"{prefix}_{base62(number + 1, LENGTH)}" if number + 1 < 62**LENGTH else f"{prefix}_~"


def _previous(id_: str) -> str:
    """The highest id below this one; below all ids for the lowest."""
    prefix, number = _number(id_)
    return f"{prefix}_{base62(number - 1, LENGTH)}" if number else f"{prefix}_"


def _number(id_: str) -> tuple[str, int]:
    """An id's place among all ids. A cursor that no id can be is taken for the nearest one."""
    prefix, _, body = id_.partition("_")
    return prefix, unbase62(body[:LENGTH].ljust(LENGTH, "0"))
