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


class ReadAgain(Interception):
    """Counts the steps that are read alone."""

    count = 0

    def before(self, call: AwsCall, /) -> None:
        self.count += call.operation == "GetItem" and call.request["TableName"] == "run_steps"


@pytest.mark.parametrize("what", ["messages", "message", "change", "steps"])
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
            "change": f"{thread}/messages/{system.messages(run)[-1]['id']}",
            "steps": f"{thread}/runs/{run['id']}/steps",
        }[what]

        def end() -> None:
            script.let_go.set()
            system.until(lambda: system.stored(run) == "completed")

        system.local.transport.interceptors.append(EndsBetween(end))
        seen = system.post(path, {"metadata": {}}) if what == "change" else system.get(path)
        first = seen["data"][0] if "data" in seen else seen
        assert script.let_go.is_set()
        assert first["status"] == "completed"
        assert first == (system.get(path)["data"][0] if "data" in seen else system.get(path))


def test_a_batch_is_no_snapshot(tmp_path: Path) -> None:
    """A step that was read as open, with a run that is over, is read again."""
    with running(tmp_path) as system:
        run = system.ended(system.new_run())
        (step,) = system.steps(run)
        key = {"run": {"S": f"acme/{run['thread_id']}/{run['id']}"}, "step_id": {"S": step["id"]}}
        open_ = {":s": {"S": "in_progress"}}
        change = {"UpdateExpression": "SET #s = :s", "ExpressionAttributeNames": {"#s": "status"}}
        request = {"TableName": "run_steps", "Key": key, "ExpressionAttributeValues": open_}
        system.local.dynamodb.call("UpdateItem", {**request, **change})
        again = ReadAgain()
        system.local.transport.interceptors.append(again)
        path = f"/threads/{run['thread_id']}/runs/{run['id']}/steps/{step['id']}"
        assert system.get(path)["id"] == step["id"]
        assert again.count == 1
