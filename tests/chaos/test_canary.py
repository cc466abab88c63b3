"""Content, keys and instructions stay where they belong."""

import logging
import sqlite3
from pathlib import Path

import pytest

from tests.scripted_provider import ScriptedProvider
from tests.system import Refused, running
from threadkeep.providers.port import Text

CANARY = "canary-7f3a"


class Bug(Exception):
    """Something unexpected, with content in its message."""


class BrokenProvider(ScriptedProvider):
    """A provider with a bug."""

    def start(self, request: object) -> "ScriptedProvider":  # type: ignore[override]
        raise Bug(f"{CANARY} {request}")


def stored_in(path: Path) -> str:
    """Everything in an SQLite file."""
    with sqlite3.connect(path) as file:
        dump = "\n".join(file.iterdump())
    file.close()
    return dump


@pytest.mark.parametrize("provider", [ScriptedProvider([Text(CANARY)]), BrokenProvider()])
def test_content_is_never_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, provider: ScriptedProvider
) -> None:
    """A marker in message, key and instructions is in no log line, execution or failure record."""
    caplog.set_level(logging.DEBUG)
    for name in ("botocore", "urllib3"):
        caplog.set_level(logging.INFO, logger=name)
    with running(tmp_path, provider=provider) as system:
        system.local.add_key(f"sk-{CANARY}", "acme")
        for resource, header in (
            ("/x", {"Authorization": f"Bearer sk-{CANARY}x"}),
            ("/openai/x", {"api-key": f"sk-{CANARY}x"}),
        ):
            event = {"headers": header, "methodArn": "arn:x/v1/GET/", "resource": resource}
            assert CANARY not in str(system.local.invoke("authorizer", event))
        with pytest.raises(Refused):
            system.post("/threads", {"metadata": {"k": [CANARY]}})
        with pytest.raises(Refused):
            system.post("/threads", f'{{"{CANARY}')
        run = system.new_run(f"Say {CANARY}", instructions=CANARY, metadata={"k": CANARY})
        assert system.ended(run, moving=0.25)["status"] == "failed"
    assert caplog.records
    assert CANARY not in caplog.text
    assert CANARY not in stored_in(tmp_path / "executions.db")
    assert f"sk-{CANARY}" not in stored_in(tmp_path / "dynamodb.db")
