"""Whatever is asked: no answer is a 5xx, and every answer has the shape that the document says."""

import json
import re
import sys
from collections import Counter, defaultdict
from itertools import count
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from functions.routes import ROUTES
from infra.local.aws.gateway import Gateway
from tests.api.client import Answer, Client
from tests.api.generated import Generated, requests
from tests.system import System

LONG = settings.get_current_profile_name() == "long"
REQUESTS = 25  # in each example
FUNCTION = {"type": "function", "function": {"name": "f"}}
PARAMETERS = {
    "assistant": "assistant_id",
    "thread": "thread_id",
    "thread.message": "message_id",
    "thread.run": "run_id",
    "thread.run.step": "step_id",
}

Ids = dict[str, str]  # parameter → id


class Known:
    """The objects that were seen in answers, each with the ids of what it lies under."""

    def __init__(self) -> None:
        self._ids: defaultdict[str, list[Ids]] = defaultdict(list)
        self._calls: list[list[str]] = []

    def learn(self, answer: Any, ids: Ids) -> None:
        """Take the objects out of an answer."""
        for found in answer.get("data", [answer]):
            name = PARAMETERS.get(found.get("object", ""))
            if name:
                above = {key: found[key] for key in ("thread_id", "run_id") if found.get(key)}
                self._ids[name].append({**ids, **above, name: found["id"]})
            if action := found.get("required_action"):
                calls = action["submit_tool_outputs"]["tool_calls"]
                self._calls.append([call["id"] for call in calls])

    def ids(self, name: str, pick: int) -> Ids:
        """Those of some object with this parameter; nobody's if there is none."""
        found = self._ids[name]
        return found[-1 - pick % len(found)] if found else {}

    def calls(self, pick: int) -> list[str]:
        return self._calls[-1 - pick % len(self._calls)] if self._calls else []


class App:
    """Sends generated requests, with the ids of what is there."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known = Known()
        body = {"assistant_id": client.assistant()["id"], "instructions": "Hi", "stream": True}
        self._learn({}, client.ask("POST", "/threads/runs", body))
        for tools in ([FUNCTION], []):
            run = client.until(client.run(tools=tools), "requires_action", "completed")
            path = f"/threads/{run['thread_id']}"
            self._known.learn(client.get(path), {})
            self._known.learn(client.get(f"/assistants/{run['assistant_id']}"), {})
            self._known.learn(run, {})
            self._known.learn(client.get(f"{path}/messages"), {})
            self._known.learn(client.get(f"{path}/runs/{run['id']}/steps"), {})

    def send(self, request: Generated) -> Answer:
        route, picks = request.route, request.picks
        ids: Ids = {}
        names = [part[1:-1] for part in route.path.split("/") if part.startswith("{")]
        if names:
            ids = {**dict.fromkeys(names, "thread_1"), **self._known.ids(names[-1], picks[0])}
            ids |= {"model": "gpt-4o"} | dict(request.garbage)
        path = route.path.format_map({name: quote(ids[name], safe="") for name in names})
        query = {k: self._cursor(k, v, picks[2]) for k, v in request.query.items()}
        answer = self._client.ask(route.method, path, self._body(request), query)
        self._learn({name: ids[name] for name in names}, answer)
        return answer

    def _body(self, request: Generated) -> Any:
        """The body, with an assistant and with calls that are there in most cases."""
        body, pick = request.body, request.picks[1]
        if not isinstance(body, dict) or pick > 40:
            return body
        if isinstance(body.get("assistant_id"), str):
            body = {**body, **_only(self._known.ids("assistant_id", pick), "assistant_id")}
        if isinstance(body.get("tool_outputs"), list):
            outputs = [{"tool_call_id": id_} for id_ in self._known.calls(pick)]
            body = {**body, "tool_outputs": outputs}
        if isinstance(body.get("model"), str) and pick > 5:
            body = {**body, "model": "gpt-4o"}
        return body

    def _cursor(self, name: str, value: Any, pick: int) -> Any:
        """Cursors are ids of messages, in most cases."""
        known = self._known.ids("message_id", pick).get("message_id")
        return known if name in ("after", "before") and pick < 25 and known else value

    def _learn(self, ids: Ids, answer: Answer) -> None:
        if answer.status == 200 and answer.headers["content-type"] == "application/json":
            self._known.learn(answer.json, ids)
        elif answer.status == 200:
            begun = re.search("event: thread.run.created\ndata: (.+)", answer.text)
            self._known.learn(json.loads(begun[1]) if begun else {}, {})


def _only(ids: Ids, name: str) -> Ids:
    return {name: ids[name]} if name in ids else {}


# The system's threads use `random` for their pauses while hypothesis looks whether a strategy does.
@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning")
@pytest.mark.hypothesis
@pytest.mark.promise("1.8", "18.1", "18.4")
def test_whatever_is_asked(
    served: System, gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    """The client checks every answer. In the long run each endpoint gets good requests, too."""
    numbers, seen = count(), Counter[tuple[str, int]]()

    @settings(
        max_examples=settings().max_examples // 15,
        # The error names the request that failed, and to shrink the others takes minutes.
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(requests(), min_size=REQUESTS, max_size=REQUESTS))
    def ask(sequence: list[Generated]) -> None:
        app = App(Client(served, gateway, f"fuzz-{next(numbers)}"))
        for request in sequence:
            seen[request.route.handler, app.send(request).status] += 1

    ask()
    if LONG:
        with capsys.disabled():
            sys.stdout.write(f"\n{seen.total()} requests: {by_status(seen)}\n")
        assert seen.total() >= 5_000
        good = {route.handler for route in ROUTES} - {"functions.models.delete"}  # it only refuses
        assert {handler for handler, status in seen if status == 200} == good


def by_status(seen: Counter[tuple[str, int]]) -> dict[int, int]:
    """How many requests were answered with each status."""
    statuses = sorted({status for _, status in seen})
    return {each: sum(n for (_, status), n in seen.items() if status == each) for each in statuses}
