"""DynamoDB's TTL on one machine: what has expired is removed some time later."""

from infra.local.aws.dynamodb import DynamoDB
from infra.local.worker import Worker
from threadkeep.domain.clock import Clock

_EVERY = 3600.0  # seconds


class Expiry:
    """Sweeps the tables every hour, on a thread of its own, from its start on.

    Nobody depends on it: readers count what has expired as gone, whether or not it is still there.
    """

    def __init__(self, dynamodb: DynamoDB, clock: Clock) -> None:
        self._dynamodb = dynamodb
        self._worker = Worker("expiry", self._sweep, clock)

    def start(self) -> None:
        self._worker.start()

    def stop(self) -> None:
        """Returns when nothing is swept any more."""
        self._worker.stop()

    def _sweep(self) -> None:
        self._dynamodb.sweep()
        self._worker.pause(_EVERY)
