"""DynamoDB's TTL on one machine: what has expired is removed some time later."""

import threading

from infra.local.dynamodb import DynamoDB
from threadkeep.domain.clock import Clock

_EVERY = 3600.0  # seconds


class Expiry:
    """Sweeps the tables every hour, on a thread of its own, from its start on.

    Nobody depends on it: readers count what has expired as gone, whether or not it is still there.
    """

    def __init__(self, dynamodb: DynamoDB, clock: Clock) -> None:
        self._dynamodb = dynamodb
        self._clock = clock
        self._changed = threading.Condition()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="expiry", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Returns when nothing is swept any more."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        due = self._clock.monotonic()
        while True:
            with self._changed:
                while self._clock.monotonic() < due and not self._stopped:
                    self._clock.wait(self._changed, due)
                if self._stopped:
                    return
            self._dynamodb.sweep()
            due = self._clock.monotonic() + _EVERY
