"""The invocations under way, and a `Local` that waits for them at its end."""

import threading
from collections.abc import Mapping
from typing import Any

from infra.local.aws.function_error import Invoke
from infra.local.server import Local

_PATIENCE = 20.0  # real seconds


class Invocations:
    """Counts the invocations under way: none may go on once the system is gone."""

    def __init__(self, invoke: Invoke) -> None:
        self._invoke = invoke
        self._changed = threading.Condition()
        self._going = 0

    def __call__(self, function: str, event: Any) -> Any:
        with self._changed:
            self._going += 1
        try:
            return self._invoke(function, event)
        finally:
            with self._changed:
                self._going -= 1
                self._changed.notify_all()

    def wait_until_idle(self) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: not self._going, _PATIENCE), "an executor hangs"


class EmulatedLocal(Local):
    """Time is real in journeys: an executor that was left alone would look at its run for ever."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        self._running = Invocations(super().invoke)
        super().__init__(*args, **settings)

    def invoke(self, function: str, event: Mapping[str, Any]) -> Any:
        return self._running(function, event)

    def stop(self) -> None:
        self._running.wait_until_idle()
        super().stop()
