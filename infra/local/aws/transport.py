"""The one transport: every AWS call of every function passes here and is answered by the emulator.

It knows the calling function and invocation. Interceptors see each call before and after it is
made; what they raise is what the caller gets: a refusal, a lost answer, its own death.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from botocore import UNSIGNED
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.session import Session

from infra.local.aws.aws_error import AwsError
from infra.local.aws.checks import check
from infra.local.aws.invocation import Invocation, current
from threadkeep.store.round_trips import sent_together

AwsService = Callable[[str, dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class AwsCall:
    """One AWS call. `together` marks calls that were sent at the same time."""

    service: str
    operation: str
    request: Mapping[str, Any] = field(repr=False)
    invocation: Invocation | None
    together: object | None


class Interceptor(Protocol):
    """Something that watches calls, or makes them fail."""

    def before(self, call: AwsCall, /) -> None:
        """Called before the emulator sees the call; raising keeps it from being made."""

    def after(self, call: AwsCall, /) -> None:
        """Called when it is done; raising loses its answer."""


class Transport:
    """Sessions whose `dynamodb` and `stepfunctions` calls the given services answer."""

    def __init__(self, dynamodb: AwsService, stepfunctions: AwsService) -> None:
        self._services = {"dynamodb": dynamodb, "sfn": stepfunctions}
        self.interceptors: list[Interceptor] = []

    def session(self) -> Session:
        """An ordinary AWS session that never leaves this process."""
        session = Session()
        session.set_credentials("local", "local")
        session.set_config_variable("region", "us-east-1")
        session.set_config_variable("account_id_endpoint_mode", "disabled")
        events = session.get_component("event_emitter")
        events.register("choose-signer", lambda **_: UNSIGNED)  # nobody here asks for a signature
        for service in self._services:
            events.register(f"before-send.{service}", self._answerer(service))
        return session

    def _answerer(self, service: str) -> Callable[..., AWSResponse]:
        def answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
            operation = _text(request.headers["X-Amz-Target"]).rpartition(".")[2]
            body = json.loads(_text(request.body))
            try:
                return _response(request.url, 200, self._call(service, operation, body))
            except AwsError as error:
                fields = {"__type": error.code, "message": error.message, **error.fields}
                return _response(request.url, error.status, fields)

        return answer

    def _call(self, service: str, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        call = AwsCall(service, operation, request, current.get(), sent_together.get())
        for interceptor in self.interceptors:
            interceptor.before(call)
        check(service, operation, request, call.invocation)
        answer = self._services[service](operation, request)
        for interceptor in self.interceptors:
            interceptor.after(call)
        return answer


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


class _Raw:
    """A body as urllib3 would give it."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self._body


def _response(url: str, status: int, body: Mapping[str, Any]) -> AWSResponse:
    headers = HTTPHeaders()
    headers["content-type"] = "application/x-amz-json-1.0"
    headers["x-amzn-requestid"] = "local"
    return AWSResponse(url, status, headers, _Raw(json.dumps(body).encode()))
