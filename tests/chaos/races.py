"""Races that are held: both writers stand at their write, then one goes, then the other."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from infra.local.aws.function_error import FunctionError
from infra.local.aws.transport import AwsCall
from tests.faults import Interception
from tests.system import Refused, System

CLAIM, BEGIN, END = 0, 1, 2  # of an executor's transactions: it claims, begins its turn, ends it

_PATIENCE = 20.0  # real seconds until a race that never comes about fails its test


@dataclass(eq=False)
class Racer(Interception):
    """Somebody who does something on a thread of its own, held at its transaction `at` (from 0)."""

    act: Callable[[], Any]
    at: int = 0
    held: bool = False
    answer: Any = None
    refusal: str | None = None
    _there: threading.Event = field(default_factory=threading.Event)
    _go: threading.Event = field(default_factory=threading.Event)
    _past: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin, and go to the write."""
        self.begin()
        self.arrive()

    def begin(self) -> None:
        self._thread.start()

    def arrive(self) -> None:
        """Wait for it at its write."""
        assert self._there.wait(_PATIENCE)
        assert self.held, f"it never came to its write: {self.refusal or self.answer}"

    def go(self) -> None:
        """Write. Returns when that is decided, and the racer goes on."""
        self._go.set()
        assert self._past.wait(_PATIENCE)

    def join(self) -> None:
        self._thread.join(_PATIENCE)
        assert not self._thread.is_alive()

    def before(self, call: AwsCall, /) -> None:
        if threading.current_thread() is not self._thread:
            return
        if self.held:
            self._past.set()
        elif call.operation == "TransactWriteItems":
            self.at -= 1
            if self.at < 0:
                self.held = True
                self._there.set()
                assert self._go.wait(_PATIENCE)

    def after(self, _call: AwsCall, /) -> None:
        if self.held and threading.current_thread() is self._thread:
            self._past.set()

    def _run(self) -> None:
        try:
            self.answer = self.act()
        except Refused as refused:
            self.refusal = refused.error["message"]
        except FunctionError as error:
            self.refusal = error.type
        finally:
            self._there.set()
            self._past.set()


def race(
    system: System,
    one: Racer,
    other: Racer,
    *,
    one_first: bool,
    between: Callable[[], None] = lambda: None,
) -> None:
    """Both come to their writes, then one writes before the other.

    `between` happens when only `one` is at its write.
    """
    interceptors = system.local.transport.interceptors
    interceptors += [one, other]
    one.start()
    between()
    other.start()
    for racer in (one, other) if one_first else (other, one):
        racer.go()
    for racer in (one, other):
        racer.join()
        interceptors.remove(racer)
