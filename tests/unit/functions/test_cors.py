"""What the functions' own answers say to browsers, where no HTTP front does it for them."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from functions import entry
from tests.system import System, proxy_event, running
from threadkeep.wire import cors

APP = "https://app.example"


@pytest.fixture
def system(tmp_path: Path) -> Iterator[System]:
    with running(tmp_path) as system:
        yield system


def answer(system: System, origin: str, method: str, path: str, body: object = None) -> Any:
    """The answer of the route's function, deployed with this configuration."""
    services = system.local.services
    config = replace(services.config, cors_origins=(APP, "https://b.example"))
    event, function = proxy_event(method, path, body, "acme")
    event["headers"] = {**(event["headers"] or {}), "Origin": origin}
    return entry.build(function, replace(services, config=config))(event, None)


@pytest.mark.promise("1.19")
def test_every_answer_of_a_function_is_readable_for_a_named_origin(system: System) -> None:
    """What went well, what is refused, and a stream; for other pages none of them."""
    thread_id, assistant_id = system.thread("Hi")["id"], system.assistant()["id"]
    run = {"assistant_id": assistant_id, "stream": True}
    for status, method, path, body in (
        (200, "GET", f"/threads/{thread_id}", None),
        (404, "GET", "/threads/thread_1", None),
        (400, "POST", "/assistants", {}),
        (200, "POST", f"/threads/{thread_id}/runs", run),
    ):
        answered = answer(system, APP, method, path, body)
        if "chunks" in answered:
            answered["chunks"].close()
        headers = answered["headers"]
        assert answered["statusCode"] == status
        assert headers.items() >= cors.on_answer([APP], APP).items()
    refused = answer(system, "https://evil.example", "GET", f"/threads/{thread_id}")
    assert "access-control-allow-origin" not in refused["headers"]
    assert refused["headers"]["vary"] == "Origin"
