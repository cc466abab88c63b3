"""The streams of the tables, as an event source mapping reads them."""

from collections.abc import Sequence
from typing import Any, Protocol


class Record(Protocol):
    """A stream record. `document` is what the function is given, with its SequenceNumber."""

    @property
    def sequence(self) -> int: ...
    @property
    def document(self) -> dict[str, Any]: ...


class Records(Protocol):
    """Where the records come from."""

    def records(self, table: str, after: int, limit: int) -> Sequence[Record]:
        """The next records, in order."""

    def trim(self, table: str, upto: int) -> None:
        """Forget the records up to and with this one."""

    def wait_for_records(self, table: str, after: int, until: float) -> None:
        """Return when there may be records after `after`, or at `until` (monotonic)."""
