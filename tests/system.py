"""The whole system in one process for tests: real functions, emulator, streams and state machine.

Requests go to the functions as proxy events, without HTTP. Time is a clock that tests move.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from infra.local.aws.proxy_event import STAGE
from infra.local.aws.router import Router
from infra.local.aws.transport import AwsCall
from infra.local.server import Local
from tests.fake_clock import FakeClock
from tests.faults import Interception
from tests.scripted_provider import ScriptedProvider
from threadkeep.domain.clock import Clock
from threadkeep.providers.catalogue import Catalogue

T = TypeVar("T")

_ROUTER = Router()

_PATIENCE = 60.0  # real seconds until a wait that never comes true fails its test
_STEP = 0.02  # real seconds between two looks while time is being moved


class Refused(Exception):
    """A request was answered with an error."""

    def __init__(self, status: int, error: Mapping[str, Any]) -> None:
        super().__init__(f"{status}: {error['message']}")
        self.status = status
        self.error = error


class System(Interception):
    """One machine's Threadkeep, driven by proxy events and a clock."""

    def __init__(
        self,
        state: Path,
        provider: ScriptedProvider | None = None,
        clock: Clock | None = None,
        run_seconds: int = 600,
        local: Callable[..., Local] = Local,
        catalogue: Catalogue | None = None,
    ) -> None:
        self.provider = provider or ScriptedProvider()
        self.clock = clock or FakeClock()
        catalogue = catalogue or Catalogue.of(self.provider)
        self.local = local(state, catalogue, run_seconds, self.clock)
        self._written = threading.Condition()
        self.local.transport.interceptors.append(self)

    def after(self, _call: AwsCall, /) -> None:
        with self._written:
            self._written.notify_all()

    def post(self, path: str, body: object = None, project: str = "acme") -> dict[str, Any]:
        return self.request("POST", path, body, project)

    def get(self, path: str, project: str = "acme") -> dict[str, Any]:
        return self.request("GET", path, None, project)

    def request(self, method: str, path: str, body: object, project: str) -> dict[str, Any]:
        """The answer's JSON, or Refused."""
        event, function = proxy_event(method, path, body, project)
        answer = self.local.invoke(function, event)
        if "chunks" in answer:
            raise AssertionError("use `stream` for what is streamed")
        content: dict[str, Any] = json.loads(answer["body"])
        if answer["statusCode"] != 200:
            raise Refused(answer["statusCode"], content["error"])
        return content

    def stream(self, path: str, body: object = None, **headers: str) -> Iterator[tuple[str, Any]]:
        """The frames of a stream, name and data, as they come; GET without a body."""
        event, function = proxy_event("POST" if body else "GET", path, body, "acme")
        answer = self.local.invoke(function, {**event, "headers": headers})
        if answer["statusCode"] != 200:
            raise Refused(answer["statusCode"], json.loads(answer["body"])["error"])
        for chunk in answer["chunks"]:
            yield frame_of(chunk)

    def assistant(self, **fields: Any) -> dict[str, Any]:
        return self.post("/assistants", {"model": "gpt-4o", **fields})

    def thread(self, *texts: str) -> dict[str, Any]:
        messages = [{"role": "user", "content": text} for text in texts]
        return self.post("/threads", {"messages": messages})

    def run(self, thread_id: str, assistant_id: str, **fields: Any) -> dict[str, Any]:
        return self.post(f"/threads/{thread_id}/runs", {"assistant_id": assistant_id, **fields})

    def new_run(self, *texts: str, **fields: Any) -> dict[str, Any]:
        """A run on a new thread with a new assistant."""
        return self.run(self.thread(*(texts or ("Hi",)))["id"], self.assistant()["id"], **fields)

    def seen(self, run: Mapping[str, Any]) -> dict[str, Any]:
        """The run as it is now."""
        return self.get(f"/threads/{run['thread_id']}/runs/{run['id']}")

    def messages(self, run: Mapping[str, Any], order: str = "asc") -> list[dict[str, Any]]:
        page = self.get(f"/threads/{run['thread_id']}/messages?order={order}&limit=100")
        data: list[dict[str, Any]] = page["data"]
        return data

    def steps(self, run: Mapping[str, Any]) -> list[dict[str, Any]]:
        page = self.get(f"/threads/{run['thread_id']}/runs/{run['id']}/steps?order=asc")
        data: list[dict[str, Any]] = page["data"]
        return data

    def stored(self, run: Mapping[str, Any]) -> str:
        """The status that is written, whatever readers are told."""
        key = {"thread": {"S": f"acme/{run['thread_id']}"}, "run_id": {"S": run["id"]}}
        request = {"TableName": "runs", "Key": key, "ConsistentRead": True}
        return str(self.local.dynamodb.call("GetItem", request)["Item"]["status"]["S"])

    def executing(self, name: str) -> bool:
        """Whether the execution is still going."""
        arn = f"arn:aws:states:us-east-1:000000000000:execution:run:{name}"
        described = self.local.states.call("DescribeExecution", {"executionArn": arn})
        return bool(described["status"] == "RUNNING")

    def advance(self, seconds: float) -> None:
        """Move the fake clock."""
        assert isinstance(self.clock, FakeClock)
        self.clock.advance(seconds)

    def until(self, look: Callable[[], T], *, moving: float = 0.0) -> T:
        """What `look` gives once it is true. `moving`: fake seconds that pass with every look."""
        began = time.monotonic()
        while not (found := look()):
            waited = time.monotonic() - began
            assert waited < _PATIENCE, f"waited {waited:.0f} s for nothing"
            with self._written:
                self._written.wait(_STEP)
            if moving:
                self.advance(moving)
        return found

    def ended(self, run: Mapping[str, Any], *, moving: float = 0.0) -> dict[str, Any]:
        """The run once its end is written."""
        over = {"completed", "failed", "expired", "cancelled", "incomplete"}
        self.until(lambda: self.stored(run) in over, moving=moving)
        return self.seen(run)


@contextmanager
def running(state: Path, **settings: Any) -> Iterator[System]:
    """A system at work."""
    system = System(state, **settings)
    system.local.start()
    try:
        yield system
    finally:
        system.local.stop()


def frame_of(chunk: bytes) -> tuple[str, Any]:
    """Name and data of a frame, whose form is checked to the byte; a comment is its own name."""
    text = chunk.decode()
    assert text.endswith("\n\n")
    lines = text[:-2].split("\n")
    if lines[0].startswith(":"):
        return lines[0], None
    if lines[0].startswith("id: "):
        assert lines.pop(0)[4:].isdecimal()
    assert len(lines) == 2
    name, data = lines[0].removeprefix("event: "), lines[1].removeprefix("data: ")
    return name, data if data == "[DONE]" else json.loads(data)


def proxy_event(method: str, path: str, body: object, project: str) -> tuple[dict[str, Any], str]:
    """The event that API Gateway makes of a request, and the function it goes to."""
    path, _, query = path.partition("?")
    found = _ROUTER.find(f"/{STAGE}{path}")
    assert found is not None, path
    resource, params = found
    return {
        "httpMethod": method,
        "resource": resource.template,
        "path": path,
        "pathParameters": params or None,
        "queryStringParameters": dict(parse_qsl(query)) or None,
        "headers": {},
        "requestContext": {"authorizer": {"project_id": project}},
        "body": body if isinstance(body, str) or body is None else json.dumps(body),
        "isBase64Encoded": False,
    }, resource.functions[method]
