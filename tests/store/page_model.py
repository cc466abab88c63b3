"""What a page has to be, by a small model, and what reading it costs, counted at the client."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from threadkeep.domain.ids import ALPHABET, LENGTH
from threadkeep.domain.objects import PageRequest

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


class Reads:
    """What was read by queries."""

    def __init__(self) -> None:
        self.queries: list[int] = []

    @property
    def items(self) -> int:
        return sum(self.queries)

    def count(self, parsed: dict[str, Any], **_: Any) -> None:
        self.queries.append(parsed["ScannedCount"])


@contextmanager
def counted(client: "DynamoDBClient") -> Iterator[Reads]:
    reads = Reads()
    events = client.meta.events
    events.register("after-call.dynamodb.Query", reads.count)
    yield reads
    events.unregister("after-call.dynamodb.Query", reads.count)


def expected(ids: Sequence[str], request: PageRequest) -> tuple[list[str], bool]:
    """The page of a list of ids, and whether there is more in the direction it was taken in."""
    sign = 1 if request.order == "asc" else -1

    def follows(one: str, other: str) -> bool:
        return sign * (rank(one) - rank(other)) > 0

    rows = [
        id_
        for id_ in sorted(ids, key=rank, reverse=sign < 0)
        if (request.after is None or follows(id_, request.after))
        and (request.before is None or follows(request.before, id_))
    ]
    if request.before and not request.after:
        return rows[-request.limit :], len(rows) > request.limit
    return rows[: request.limit], len(rows) > request.limit


def rank(id_: str) -> int:
    """The place of an id among all. One of another length is taken for the nearest."""
    body = id_.partition("_")[2][:LENGTH].ljust(LENGTH, "0")
    return int.from_bytes(bytes(ALPHABET.index(character) for character in body))
