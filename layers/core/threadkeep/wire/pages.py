"""Which part of a list was asked for. Parameters that a list does not know are ignored."""

import re
from collections.abc import Mapping
from typing import Literal

from threadkeep.domain.objects import PageRequest
from threadkeep.wire import wording
from threadkeep.wire.ids import query_id

MAX_LIMIT = 100
_DEFAULT = PageRequest()
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")


def parse_page(
    query: Mapping[str, str] | None, prefix: str, *, max_limit: int = MAX_LIMIT
) -> PageRequest:
    """The page that a query string asks for; `prefix` is that of the ids in the list."""
    query = query or {}
    return PageRequest(
        limit=_limit(query.get("limit") or str(_DEFAULT.limit), max_limit),
        order=_order(query.get("order") or _DEFAULT.order),
        after=query_id(query, "after", prefix),
        before=query_id(query, "before", prefix),
    )


def _limit(value: str, maximum: int) -> int:
    if not _INTEGER.fullmatch(value):
        raise wording.wrong_type("limit", "an integer", value)
    limit = int(value)
    if limit > maximum:
        raise wording.above_maximum("limit", maximum, limit)
    if limit < 1:
        raise wording.below_minimum("limit", 1, limit)
    return limit


def _order(value: str) -> Literal["asc", "desc"]:
    match value:
        case "asc" | "desc":
            return value
    raise wording.not_one_of("order", ("asc", "desc"), value)
