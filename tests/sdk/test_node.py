"""The Node SDK 7, unchanged: it checks the order of a stream's events strictly."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.model_turns import Call, Say
from tests.sdk.conftest import TWO_CALLS, Server
from tests.sdk.test_streams import ENDINGS, Expiry, NobodyTakesItUp

NODE = Path(sys.executable).with_name("node")
FOLDER = Path(__file__).parent / "node"


def drive(server: Server, scenario: str, **environment: str) -> Any:
    """What the scenario saw."""
    given = {"BASE_URL": server.base_url, "API_KEY": server.client().api_key, **environment}
    done = subprocess.run(
        [str(NODE), "drive.mjs", scenario],
        cwd=FOLDER,
        env={**os.environ, **given},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_polling(server: Server) -> None:
    """createAndPoll → requires_action → submitToolOutputsAndPoll, twice → completed."""
    server.turns.extend([TWO_CALLS, Call("get_weather", id="call_3"), Say("Sunny.")])
    assert drive(server, "polling") == {"rounds": [2, 1], "status": "completed"}


@pytest.mark.promise("19.4", "19.5")
@pytest.mark.parametrize("ending", ENDINGS)
def test_the_final_snapshots_are_what_is_kept(server: Server, ending: str) -> None:
    """`stream`, `createAndRunStream` and `submitToolOutputsStream`: run, messages and steps; but
    for `expires_at` of a step that is over, which is set in streams alone, as recorded.
    """
    turn, status, said = ENDINGS[ending]
    server.turns.extend([turn, turn, Call("get_weather", id="call_0"), turn])
    if ending == "expiry":
        server.local.transport.interceptors.append(Expiry(server.clock))
    told = drive(server, "streams", **{"CANCEL": "1"} if ending == "cancel" else {})
    assert told["createAndRunStream"]["events"][0] == "thread.created"
    assert told["submitToolOutputsStream"]["events"][0] == "thread.run.step.completed"
    for each in told.values():
        assert each["seen"]["run"]["status"] == status
        assert each["text"] == said
        for step in each["seen"]["steps"]:
            as_kept(step)
        assert each["seen"] == each["kept"]


def as_kept(step: Any) -> None:
    """Make of a step in a stream what REST has."""
    if step["status"] != "in_progress":
        step["expires_at"] = None
        return
    for call in step["step_details"].get("tool_calls", ()):
        call.pop("index")  # of the deltas, which the SDK leaves in it


@pytest.mark.promise("19.9")
def test_an_error_event_is_raised(server: Server) -> None:
    """It names the run, which goes on."""
    server.local.transport.interceptors.append(NobodyTakesItUp(server.clock))
    for raised in drive(server, "error").values():
        assert raised.startswith("APIError: ")
        assert "is still queued" in raised


def test_a_tool_round_trip(server: Server) -> None:
    """Two parallel calls, their outputs, a further call, and the answer: a stream for each leg."""
    server.turns.extend([TWO_CALLS, Call("get_weather", id="call_3"), Say("Sunny.")])
    told = drive(server, "rounds")
    statuses = [each["seen"]["run"]["status"] for each in told]
    assert statuses == ["requires_action", "requires_action", "completed"]
    assert told[-1]["text"] == "Sunny."
