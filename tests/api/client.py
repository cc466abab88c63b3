"""A client of the whole system behind the local gateway, without sockets.

Every answer is checked as it comes: its headers, the envelope of an error, and its schema in the
OpenAPI document.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from infra.local.aws.gateway import Gateway
from infra.local.aws.proxy_event import STAGE, HttpRequest
from infra.local.aws.router import Router
from infra.openapi.document import document
from tests.api.schemas import violations
from tests.system import System

Headers = Mapping[str, str]

_ROUTER = Router()


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Headers
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def error(self) -> tuple[int, str, str | None, str | None]:
        """Status, text, param and code of an error."""
        error = self.json["error"]
        return self.status, error["message"], error["param"], error["code"]


@dataclass
class Client:
    """One project's app."""

    system: System
    gateway: Gateway
    project: str
    headers: Headers = field(default_factory=dict)

    def __post_init__(self) -> None:
        key = f"sk-test-{self.project}"
        self.system.local.add_key(key, self.project)
        self.headers = {"authorization": f"Bearer {key}", **self.headers}

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: Mapping[str, Any] | None = None,
        headers: Headers | None = None,
        *,
        bug: bool = False,
    ) -> Answer:
        """The answer to a request; `body` is JSON, or bytes that are sent as they are.

        Only where a `bug` was made on purpose the answer may be a 5xx.
        """
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = HttpRequest(
            method,
            f"/v1{path}",
            urlencode(query or {}, doseq=True),
            tuple({**self.headers, **(headers or {})}.items()),
            b"" if body is None else sent,
        )
        response = self.gateway.answer(request)
        content = b"".join(response.chunks) if response.chunks else response.body
        answer = Answer(response.status, dict(response.headers), content.decode())
        assert answer.status < 500 or bug, f"{method} {path}: {answer.text}"
        check(method, path, answer)
        return answer

    def get(self, path: str, **query: Any) -> Any:
        return _good(self.ask("GET", path, None, query))

    def post(self, path: str, body: Any = None) -> Any:
        return _good(self.ask("POST", path, body))

    def delete(self, path: str) -> Any:
        return _good(self.ask("DELETE", path))

    def assistant(self, **fields: Any) -> Any:
        return self.post("/assistants", {"model": "gpt-4o", **fields})

    def thread(self, *texts: str, **fields: Any) -> Any:
        messages = [{"role": "user", "content": text} for text in texts]
        return self.post("/threads", {"messages": messages, **fields})

    def message(self, thread: Any, text: str = "Hi", **fields: Any) -> Any:
        body = {"role": "user", "content": text, **fields}
        return self.post(f"/threads/{thread['id']}/messages", body)

    def run(self, thread: Any = None, **fields: Any) -> Any:
        """A run, on a new thread and with a new assistant unless these are given."""
        thread = thread or self.thread("Hi")
        fields.setdefault("assistant_id", self.assistant()["id"])
        return self.post(f"/threads/{thread['id']}/runs", fields)

    def until(self, run: Any, *statuses: str) -> Any:
        """The run once its status is one of these."""
        path = path_of(run)
        self.system.until(lambda: self.get(path)["status"] in statuses)
        return self.get(path)


def path_of(run: Any) -> str:
    return f"/threads/{run['thread_id']}/runs/{run['id']}"


def check(method: str, path: str, answer: Answer) -> None:
    """Every answer has its headers, and the shape that the document says."""
    assert re.fullmatch("req_[0-9a-f]{32}", answer.headers["x-request-id"])
    assert answer.headers["openai-version"] == "2020-10-01"
    if "processing-ms" not in str(answer.headers):
        assert answer.status in {401, 404, 405, 413}, "a function answered"
    kind = answer.headers["content-type"]
    if kind == "application/json":
        schema = schema_of(method, path, answer.status)
        found = list(violations(answer.json, schema))
        assert not found, f"{method} {path} {answer.status}: {found[:3]} in {answer.text[:300]}"
    else:
        assert (answer.status, kind) == (200, "text/event-stream; charset=utf-8")


def schema_of(method: str, path: str, status: int) -> Mapping[str, Any]:
    """What the document says of an answer; an error has the same shape everywhere."""
    if status != 200:
        error: Any = document()["components"]["responses"]["Error"]
        return error["content"]["application/json"]["schema"]  # type: ignore[no-any-return]
    found = _ROUTER.find(f"/{STAGE}{path}")
    assert found is not None, path
    operation = document()["paths"][found[0].template][method.lower()]
    return operation["responses"]["200"]["content"]["application/json"]["schema"]  # type: ignore[no-any-return]


def _good(answer: Answer) -> Any:
    assert answer.status == 200, answer.text
    return answer.json
