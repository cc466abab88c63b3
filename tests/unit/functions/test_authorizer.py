"""The authorizer: which header it looks at."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.system import System, running

KEY = "sk-threadkeep-test-of-doors"


@pytest.fixture
def system(tmp_path: Path) -> Iterator[System]:
    with running(tmp_path) as system:
        system.local.add_key(KEY, "acme")
        yield system


def asked(system: System, resource: str, **headers: str) -> Any:
    """(effect, context) of the authorizer's answer."""
    arn = "arn:aws:execute-api:eu-central-1:1:api/v1/GET/x"
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    event = {"type": "REQUEST", "methodArn": arn, "resource": resource, "headers": sent}
    answer = system.local.invoke("authorizer", event)
    (statement,) = answer["policyDocument"]["Statement"]
    assert statement["Resource"] == "arn:aws:execute-api:eu-central-1:1:api/v1/*/*"
    return statement["Effect"], answer["context"]


@pytest.mark.promise("1.18")
def test_a_key_opens_its_project_by_both_doors(system: System) -> None:
    """`Authorization: Bearer KEY` and `api-key: KEY`, however the header's name is written."""
    allowed = ("Allow", {"project_id": "acme"})
    assert asked(system, "/threads", Authorization=f"Bearer {KEY}") == allowed
    assert asked(system, "/openai/threads", api_key=KEY) == allowed
    assert asked(system, "/openai/threads/{thread_id}", Api_Key=KEY) == allowed


@pytest.mark.promise("1.18", "18.6")
def test_no_other_header_decides(system: System) -> None:
    """API Gateway keeps the answer by the door's header alone: another one that decided would
    open the door to whoever sends the same wrong key next.
    """
    right, wrong = ("Authorization", f"Bearer {KEY}"), ("api_key", "sk-wrong-key-0000")
    for resource, headers in (
        ("/threads", [("Authorization", "Bearer sk-wrong-key-0000"), ("api_key", KEY)]),
        ("/openai/threads", [right, wrong]),
    ):
        for order in (headers, reversed(headers)):
            effect, context = asked(system, resource, **dict(order))
            assert effect == "Deny"
            assert context["masked_key"].startswith("sk-wr")
