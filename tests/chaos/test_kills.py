"""A run survives the death of its worker, whenever it comes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from infra.local.server import Local
from tests.faults import KillFrom
from tests.system import running

_CALLS_OF_A_TEXT_RUN = 5  # read, claim, messages, begin the turn, end
_CALLS_OF_SETTLE = 2  # read, end


class DyingExecutors(Local):
    """Every execution dies after it has begun its turn; Settle is left alone."""

    def invoke(self, function: str, event: Mapping[str, Any]) -> Any:
        if event.get("action") != "execute":
            return super().invoke(function, event)
        kill = KillFrom("executor", _CALLS_OF_A_TEXT_RUN - 1)
        self.transport.interceptors.append(kill)
        try:
            return super().invoke(function, event)
        finally:
            self.transport.interceptors.remove(kill)


@pytest.mark.parametrize("first", range(_CALLS_OF_A_TEXT_RUN + 1))
def test_executor_killed_from_any_call_on(tmp_path: Path, first: int) -> None:
    """The run ends exactly once, with exactly one assistant message, the thread free."""
    with running(tmp_path) as system:
        kill = KillFrom("executor", first)
        system.local.transport.interceptors.append(kill)
        run = system.ended(system.new_run("Hi"), moving=0.25)
        assert run["status"] == "completed"
        said = [m for m in system.messages(run) if m["role"] == "assistant"]
        assert [m["content"][0]["text"]["value"] for m in said] == ["Hello there"]
        assert [step["status"] for step in system.steps(run)] == ["completed"]
        system.post(f"/threads/{run['thread_id']}/messages", {"role": "user", "content": "Again"})


def test_every_call_of_the_executor_is_covered(tmp_path: Path) -> None:
    """The kills above reach past the last call that an executor makes for a text run."""
    with running(tmp_path) as system:
        count = KillFrom("executor", 1_000)
        system.local.transport.interceptors.append(count)
        system.ended(system.new_run("Hi"))
        assert count.calls == _CALLS_OF_A_TEXT_RUN


@pytest.mark.parametrize("first", range(_CALLS_OF_SETTLE + 1))
def test_settle_killed_from_any_call_on(tmp_path: Path, first: int) -> None:
    """A run whose executors all die is failed by Settle, also when Settle dies on the way."""
    with running(tmp_path, local=DyingExecutors) as system:
        settle = KillFrom("executor", first, victim=3)
        system.local.transport.interceptors.append(settle)
        run = system.ended(system.new_run("Hi"), moving=0.25)
        assert run["status"] == "failed"
        assert run["last_error"]["code"] == "server_error"
        assert [step["status"] for step in system.steps(run)] == ["failed"]
        system.post(f"/threads/{run['thread_id']}/messages", {"role": "user", "content": "Again"})
