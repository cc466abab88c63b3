"""The Node SDK 7, unchanged: it checks the order of a stream's events strictly."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.model_turns import Call, Calls, Fault, Say, Stall
from tests.sdk.conftest import Server

NODE = Path(sys.executable).with_name("node")
FOLDER = Path(__file__).parent / "node"
TWO_CALLS = Calls([Call("get_weather", '{"a": 1}', id="call_1"), Call("get_weather", id="call_2")])


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
    """createAndPoll → requires_action → submitToolOutputsAndPoll → completed."""
    server.turns.extend([TWO_CALLS, Say("Sunny.")])
    assert drive(server, "polling") == {"waited": "requires_action", "status": "completed"}


def test_a_stream_of_text(server: Server) -> None:
    """`stream`: its final snapshots are what REST returns."""
    server.turns.append(Say("Hello there!"))
    seen = drive(server, "text")
    assert seen["text"] == "Hello there!"
    assert seen["events"][-1] == "thread.run.completed"
    assert seen["run"] == seen["keptRun"]
    assert seen["message"] == seen["keptMessage"]
    assert {**seen["step"], "expires_at": None} == seen["keptStep"]


def test_create_and_run_stream(server: Server) -> None:
    """`createAndRunStream` begins with the thread."""
    seen = drive(server, "create_and_run")
    assert seen["events"][0] == "thread.created"
    assert seen["run"]["status"] == "completed"


def test_a_tool_round_trip(server: Server) -> None:
    """`stream` to two parallel calls, `submitToolOutputsStream` to the answer."""
    server.turns.extend([TWO_CALLS, Say("Sunny.")])
    seen = drive(server, "tools")
    assert seen["first"]["run"]["status"] == "requires_action"
    assert seen["second"]["events"][0] == "thread.run.step.completed"
    assert seen["second"]["text"] == "Sunny."


@pytest.mark.parametrize(
    ("turn", "status"),
    [
        (Fault(400, {}), "failed"),
        (Say("Cut", finish_reason="length"), "incomplete"),
        (Stall("So far"), "cancelled"),
    ],
)
def test_streams_that_end_otherwise(server: Server, turn: Any, status: str) -> None:
    """Failure, length stop and cancel end the stream with the run's own end."""
    server.turns.append(turn)
    environment = {"CANCEL": "1"} if status == "cancelled" else {}
    assert drive(server, "ends", **environment)["run"]["status"] == status
