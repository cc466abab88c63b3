"""A message that is being written belongs to the app, too: what it does to it stays done."""

from functools import partial
from pathlib import Path

from tests.chaos.invariants import Invariants
from tests.chaos.races import END, Racer
from tests.objects import long_text
from tests.scripted_provider import ScriptedProvider, Stall
from tests.system import System, running
from threadkeep.providers.port import Text
from threadkeep.store.tables import CONTENTS

HALF_AN_ANSWER = ScriptedProvider([Text("So far"), Stall()])


def begun(system: System) -> tuple[dict[str, str], str]:
    """A run that is amid its answer, and the path of that message."""
    run = system.new_run("Hi")
    system.until(lambda: system.steps(run))
    answer = system.messages(run)[-1]
    return run, f"/threads/{run['thread_id']}/messages/{answer['id']}"


def test_its_metadata_stays(tmp_path: Path) -> None:
    """Metadata written while the run writes the text is there when it is done."""
    with running(tmp_path, provider=HALF_AN_ANSWER) as system:
        run, path = begun(system)
        system.post(path, {"metadata": {"k": "v"}})
        system.advance(600)
        system.ended(run)
        answer = system.get(path)
        assert answer["metadata"] == {"k": "v"}
        assert answer["content"][0]["text"]["value"] == "So far"


def test_deleted_it_stays_deleted(tmp_path: Path) -> None:
    """From the deadline on it may be deleted. The executor that ends its run then leaves it so,
    with all of its content.
    """
    system = System(tmp_path, provider=ScriptedProvider([Text(long_text(1)), Stall()]))
    invariants = Invariants(system.local)
    run = system.new_run("Hi")
    reference = {"project_id": "acme", "thread_id": run["thread_id"], "run_id": run["id"]}
    event = {"action": "execute", "run": {**reference, "leg": 1}}
    executor = Racer(partial(system.local.invoke, "executor", event), END)
    system.local.transport.interceptors.append(executor)
    executor.begin()
    system.until(lambda: system.steps(run))
    system.advance(600)
    executor.arrive()
    answer = system.messages(run)[-1]
    path = f"/threads/{run['thread_id']}/messages/{answer['id']}"
    assert system.request("DELETE", path, None, "acme")["deleted"]
    executor.go()
    executor.join()
    assert system.stored(run) == "expired"
    assert [message["role"] for message in system.messages(run)] == ["user"]
    assert invariants.rows(CONTENTS, f"acme/{run['thread_id']}") == []
    system.local.stop()
