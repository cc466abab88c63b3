"""Reads that meet an end: nobody is told of a message or a step what it never was."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.local.aws.transport import AwsCall
from tests.faults import Interception
from tests.held_script import Held
from tests.scripted_provider import ScriptedProvider, says
from tests.system import running
from threadkeep.providers.port import Text

_PATIENCE = 20  # real seconds until a read that never comes fails its test


class EndsBetween(Interception):
    """The run ends when a reader has read its message or step, and not yet the run."""

    def __init__(self, end: Callable[[], object]) -> None:
        self._end: Callable[[], object] | None = end
        self._read = threading.Event()

    def before(self, call: AwsCall, /) -> None:
        route = (call.invocation and call.invocation.route) or ""
        reader = route.startswith(("functions.messages", "functions.run_steps"))
        if reader and call.operation == "BatchGetItem" and "runs" in call.request["RequestItems"]:
            assert self._read.wait(_PATIENCE)
            if end := self._end:
                self._end = None
                end()

    def after(self, call: AwsCall, /) -> None:
        if call.operation in ("Query", "BatchGetItem"):
            self._read.set()


@pytest.mark.parametrize("what", ["messages", "message", "steps"])
def test_a_run_that_ends_between_two_reads(tmp_path: Path, what: str) -> None:
    """What was read as open is read again: its end came with the run's."""
    script = Held(Text("So far"), *says())
    with running(tmp_path, provider=ScriptedProvider(script)) as system:
        run = system.new_run()
        system.until(lambda: system.steps(run))
        thread = f"/threads/{run['thread_id']}"
        path = {
            "messages": f"{thread}/messages",
            "message": f"{thread}/messages/{system.messages(run)[-1]['id']}",
            "steps": f"{thread}/runs/{run['id']}/steps",
        }[what]

        def end() -> None:
            script.let_go.set()
            system.until(lambda: system.stored(run) == "completed")

        system.local.transport.interceptors.append(EndsBetween(end))
        seen = system.get(path)
        first = seen["data"][0] if "data" in seen else seen
        assert script.let_go.is_set()
        assert first["status"] == "completed"
        assert first == (system.get(path)["data"][0] if "data" in seen else system.get(path))
