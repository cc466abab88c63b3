"""Streamed runs in Lambda: the deployed function, from its packages, on the runtime of the layer.

Its tables are the emulator's, where the rest of the system works as on one machine.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.held_script import Held
from tests.infra.dynamodb_endpoint import dynamodb_endpoint
from tests.infra.runtime_api import Environment, Told, environment
from tests.scripted_provider import ScriptedProvider, says
from tests.system import System, frame_of, proxy_event, running
from threadkeep.domain.clock import SystemClock
from threadkeep.providers.port import Text
from threadkeep.wire.events import HEADERS


@pytest.fixture
def system(tmp_path: Path) -> Iterator[System]:
    """The rest of the system, by the same clock as the function's."""
    with running(tmp_path, provider=ScriptedProvider(), clock=SystemClock()) as system:
        yield system


@pytest.fixture
def lambda_(built: tuple[Path, Path], tmp_path: Path, system: System) -> Iterator[Environment]:
    """The function `run_streams`, on the system's tables."""
    models = tmp_path / "models.toml"
    models.write_text('[[model]]\nmatch = "*"\nprovider = "echo"\n')
    with dynamodb_endpoint(system.local.dynamodb) as address:
        variables = {
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
            "AWS_ENDPOINT_URL_DYNAMODB": address,
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "THREADKEEP_FUNCTION": "run_streams",
            "THREADKEEP_MODELS": str(models),
            "THREADKEEP_STREAMING": "true",
            "THREADKEEP_TABLE_PREFIX": "",
        }
        log = tmp_path / "log"
        with environment(*built, "functions.entry.handler", log, variables) as lambda_:
            yield lambda_


def ask(lambda_: Environment, method: str, path: str, body: object = None) -> Told:
    event, function = proxy_event(method, path, body, "acme")
    assert function == "run_streams"
    return lambda_.api.invoke(event)


def frames(told: Told) -> Iterator[tuple[str, Any]]:
    """The frames of a stream, as they come, to its end."""
    headers = told.begun()
    assert headers["Lambda-Runtime-Function-Response-Mode"] == "streaming"
    status, headers = told.prelude()
    assert status == 200
    assert {name: headers[name] for name in HEADERS} == HEADERS
    name = ""
    while name != "done":
        name, data = frame_of(told.piece())
        yield name, data
    assert told.ended() == {}


def test_a_run_is_streamed_while_the_model_speaks(system: System, lambda_: Environment) -> None:
    """The first words are there before the model says the last; then a later reader is told the
    same, and the JSON form of the same path answers through the same function.
    """
    script = Held(Text("Hel"), Text("lo"), *list(says())[-1:])
    system.provider.script = script
    thread_id, assistant_id = system.thread("Hi")["id"], system.assistant()["id"]
    body = {"assistant_id": assistant_id, "stream": True}
    live = frames(ask(lambda_, "POST", f"/threads/{thread_id}/runs", body))
    seen = []
    for name, data in live:
        seen.append((name, data))
        if name == "thread.message.delta":
            break
    assert [name for name, _ in seen][:3] == [
        "thread.run.created",
        "thread.run.queued",
        "thread.run.in_progress",
    ]
    assert seen[-1][1]["delta"]["content"][0]["text"]["value"] == "Hel"
    script.let_go.set()
    seen += live
    run = dict(seen)["thread.run.completed"]
    assert run == system.seen(run)
    path = f"/threads/{thread_id}/runs/{run['id']}/stream"
    assert list(frames(ask(lambda_, "GET", path))) == seen
    system.provider.script = says("Again")
    status, _, answer = ask(
        lambda_, "POST", f"/threads/{thread_id}/runs", {**body, "stream": False}
    ).whole()
    assert (status, json.loads(answer)["status"]) == (200, "queued")
    assert "bug" not in lambda_.log.read_text()


def test_what_is_refused_is_a_plain_answer(lambda_: Environment) -> None:
    """Its own status and JSON with the API's headers, although it was to be a stream."""
    body = {"assistant_id": "asst_1", "stream": True, "temperature": 3}
    status, headers, answer = ask(lambda_, "POST", "/threads/thread_1/runs", body).whole()
    assert status == 400
    assert headers["content-type"] == "application/json"
    assert headers["x-request-id"].startswith("req_")
    assert json.loads(answer)["error"]["param"] == "temperature"
    status, _, answer = ask(lambda_, "GET", "/threads/thread_1/runs/run_1/stream").whole()
    assert status == 404
    assert set(json.loads(answer)["error"]) == {"message", "type", "param", "code"}
