"""A provider that can't be asked here: every turn fails, and says why."""

from collections.abc import Iterator
from dataclasses import dataclass

from threadkeep.providers.port import ChatRequest, Chunk, Failed


class UnavailableCall:
    """A turn that nobody takes."""

    def __init__(self, reason: str) -> None:
        self._reason = reason
        self._stopped = False

    def __iter__(self) -> Iterator[Chunk]:
        if not self._stopped:
            yield Failed("server_error", self._reason)

    def stop(self) -> None:
        self._stopped = True


@dataclass(frozen=True)
class Unavailable:
    """Stands for a provider where only names are resolved; `reason` is shown if it is asked."""

    reason: str

    def start(self, _request: ChatRequest) -> UnavailableCall:
        return UnavailableCall(self.reason)
