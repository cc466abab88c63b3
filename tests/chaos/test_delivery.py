"""Stream records come at least once: twice, late, and to a dispatcher that was just restarted."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.local.server import Local
from tests.fake_clock import FakeClock
from tests.scripted_provider import ScriptedProvider
from tests.system import System, running


class Stuttering(Local):
    """Delivers every batch to the dispatcher twice, and keeps it to be delivered late again."""

    def invoke(self, function: str, event: Mapping[str, Any]) -> Any:
        if function == "dispatcher":
            self.__dict__.setdefault("batches", []).append(event)
            super().invoke(function, event)
        return super().invoke(function, event)


def ended_once(system: System, run: Mapping[str, Any]) -> bool:
    said = [m for m in system.messages(run) if m["role"] == "assistant"]
    return system.seen(run)["status"] == "completed" and len(said) == 1


def test_records_delivered_twice_and_late(tmp_path: Path) -> None:
    """The run is executed once: one request to the model, one message, one end."""
    provider = ScriptedProvider()
    with running(tmp_path, provider=provider, local=Stuttering) as system:
        run = system.ended(system.new_run())
        for batch in list(system.local.__dict__["batches"]):
            system.local.invoke("dispatcher", batch)
        assert ended_once(system, run)
        assert len(provider.requests) == 1


def test_a_restarted_dispatcher_misses_nothing(tmp_path: Path) -> None:
    """Runs created while nothing listens to the stream are executed when something does again."""
    clock = FakeClock()
    asleep = System(tmp_path, clock=clock)
    runs = [asleep.new_run() for _ in range(5)]
    asleep.local.stop()
    with running(tmp_path, clock=clock) as system:
        for run in runs:
            system.ended(run)
            assert ended_once(system, run)
