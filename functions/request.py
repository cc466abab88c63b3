"""A request, taken out of an API Gateway proxy event."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import uuid4

from pydantic import BaseModel

from functions.doors import OPENAI, Door, door_of, table_path
from threadkeep.domain.errors import InvalidRequest
from threadkeep.domain.objects import PageRequest
from threadkeep.domain.references import RunRef, ThreadRef
from threadkeep.wire.headers import expect_json
from threadkeep.wire.ids import IDS, path_id
from threadkeep.wire.pages import parse_page
from threadkeep.wire.validation import parse

_LONGEST_NUMBER = 15

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class Request:
    """What a handler may know of a request. Everything it asks for is valid or InvalidRequest.

    `resource` is the route's path, whatever `door` the request came by.
    """

    project_id: str
    method: str = "GET"
    resource: str = "/"
    door: Door = OPENAI
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    raw_body: bytes | str | None = field(default=None, repr=False)
    id: str = field(default_factory=lambda: f"req_{uuid4().hex}")

    @staticmethod
    def of(event: Mapping[str, Any]) -> "Request":
        """The request in a proxy event that passed the authorizer."""
        body = event["body"]
        return Request(
            project_id=event["requestContext"]["authorizer"]["project_id"],
            method=event["httpMethod"],
            resource=table_path(event["resource"]),
            door=door_of(event["resource"]),
            path=event["pathParameters"] or {},
            query=event["queryStringParameters"] or {},
            headers={k.lower(): v for k, v in (event["headers"] or {}).items()},
            raw_body=base64.b64decode(body) if body and event["isBase64Encoded"] else body,
        )

    def expect_ids(self) -> None:
        """InvalidRequest unless every id in the path is well formed."""
        for name in self.path.keys() & IDS.keys():
            path_id(self.path, name)

    def body(self, model: type[M]) -> M:
        if self.raw_body:
            expect_json(self.headers.get("content-type"))
        return parse(model, self.raw_body)

    def page(self, prefix: str) -> PageRequest:
        return parse_page(self.query, prefix)

    @property
    def assistant_id(self) -> str:
        return path_id(self.path, "assistant_id")

    @property
    def thread(self) -> ThreadRef:
        return ThreadRef(self.project_id, path_id(self.path, "thread_id"))

    @property
    def run(self) -> RunRef:
        thread_id = path_id(self.path, "thread_id")
        return RunRef(self.project_id, thread_id, path_id(self.path, "run_id"))

    @property
    def message_id(self) -> str:
        return path_id(self.path, "message_id")

    @property
    def step_id(self) -> str:
        return path_id(self.path, "step_id")

    @property
    def last_event_id(self) -> int:
        """Where a stream is to be resumed; 0 for its start."""
        value = self.headers.get("last-event-id", "") or "0"
        if not value.isdecimal() or len(value) > _LONGEST_NUMBER:
            raise InvalidRequest(
                "Invalid 'Last-Event-ID': expected the id of an event of this stream.",
                param="Last-Event-ID",
                code="invalid_value",
            )
        return int(value)
