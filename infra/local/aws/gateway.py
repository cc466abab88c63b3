"""API Gateway on one machine: resource, method, size and key are checked, then a function answers.

All of that is known before the body is there, so no body is read for nothing. Every refusal is one
of `infra.gateway_responses`, the texts that the deployed API has, too, or of
`infra.local.http.refusals`.
"""

import logging
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from functions.doors import DOORS, door_of
from functions.routes import ROUTES, Route
from infra.gateway_responses import GATEWAY_RESPONSES, Refused, method_not_allowed
from infra.local.aws.authorizations import Authorizations
from infra.local.aws.function_error import FunctionError, Invoke
from infra.local.aws.proxy_event import (
    HttpRequest,
    HttpResponse,
    ProxyCall,
    http_response,
    proxy_event,
)
from infra.local.aws.router import Resource, Router
from infra.local.http import front, refusals
from infra.local.http.bodies import Unread
from infra.local.http.front import Admitted
from infra.local.http.limits import DEFAULTS, Limits
from infra.unsupported import no_route
from threadkeep.domain.clock import Clock
from threadkeep.wire.errors import ErrorAnswer
from threadkeep.wire.validation import MAX_BODY_BYTES

_LOG = logging.getLogger("threadkeep.requests")
_WORD = re.compile(r"[a-z_]{1,32}|\{[a-z_]+\}|v1|")
_METHOD = re.compile(r"[A-Z]{1,10}")
_UNREAD = {
    Unread.TOO_LARGE: GATEWAY_RESPONSES["REQUEST_TOO_LARGE"],
    Unread.TOO_SLOW: refusals.too_slow,
    Unread.NO_ROOM: refusals.overloaded,
}


class Gateway:
    """Judges requests and answers them, each in its caller's thread. Holds nothing but the
    authorizer's answers.
    """

    def __init__(
        self,
        invoke: Invoke,
        clock: Clock,
        routes: Iterable[Route] = ROUTES,
        limits: Limits = DEFAULTS,
    ) -> None:
        self._invoke = invoke
        self._clock = clock
        self._limits = limits
        self._authorizations = {door: Authorizations(invoke, clock) for door in DOORS}
        self._router = Router(routes)

    def answer(self, request: HttpRequest) -> HttpResponse:
        """The answer to a request that is there with its body."""
        return front.answer(self.admit, replace(request, body=b""), request.body)

    def admit(self, head: HttpRequest) -> Admitted | HttpResponse:
        """What answers the request once its body is there, or a refusal without it. Neither
        raises, whatever the request is and whatever goes wrong.
        """
        try:
            return self._admit(head)
        except Exception as error:  # noqa: BLE001  (the outermost edge: a client waits)
            return _failed("DEFAULT_5XX", head, error)

    def _admit(self, head: HttpRequest) -> Admitted | HttpResponse:
        if refusal := self._refusal_of_head(head):
            return _refuse(refusal, head)
        found = self._find(head)
        if found is None:
            return _refuse(no_route(head.path), head)
        resource, call = found
        function = resource.functions.get(head.method)
        if function is None:
            allow = ", ".join(sorted(resource.functions))
            return _refuse(method_not_allowed, head, resource.template, allow=allow)
        if int(head.header("content-length") or 0) > MAX_BODY_BYTES:
            return _refuse(GATEWAY_RESPONSES["REQUEST_TOO_LARGE"], head, resource.template)
        header = head.header(door_of(resource.template).key_header.lower())
        if not header:
            return _refuse(GATEWAY_RESPONSES["UNAUTHORIZED"], head, resource.template)
        return self._authorized(_as_get(call), header, function)

    def _refusal_of_head(self, head: HttpRequest) -> Callable[[Refused], ErrorAnswer] | None:
        headers = sum(len(name) + len(value) for name, value in head.headers)
        if len(head.path) + len(head.query) + headers > self._limits.head_bytes:
            return refusals.large_head
        if head.header("content-length") and head.header("transfer-encoding"):
            return refusals.two_lengths
        return None

    def _authorized(self, call: ProxyCall, header: str, function: str) -> Admitted | HttpResponse:
        try:
            authorization = self._authorizations[door_of(call.resource)].of(call, header)
        except FunctionError as error:
            return _failed("AUTHORIZER_FAILURE", call.request, error)
        context = authorization.context
        if not authorization.allowed:
            denied, masked_key = GATEWAY_RESPONSES["ACCESS_DENIED"], context.get("masked_key", "")
            return _refuse(denied, call.request, call.resource, masked_key)
        return lambda body: self._answer(call, context, function, body)

    def _answer(
        self, call: ProxyCall, context: Mapping[str, Any], function: str, body: bytes | Unread
    ) -> HttpResponse:
        if not isinstance(body, Unread) and len(body) > MAX_BODY_BYTES:
            body = Unread.TOO_LARGE
        if isinstance(body, Unread):
            return _refuse(_UNREAD[body], call.request, call.resource)
        call = replace(call, request=replace(call.request, body=body))
        try:
            return http_response(self._invoke(function, proxy_event(call, context)))
        except Exception as error:  # noqa: BLE001  (the same edge, passed a second time)
            return _failed("DEFAULT_5XX", call.request, error)

    def _find(self, request: HttpRequest) -> tuple[Resource, ProxyCall] | None:
        found = self._router.find(request.path)
        if found is None:
            return None
        resource, parameters = found
        now = self._clock.now()
        return resource, ProxyCall(request, resource.template, parameters, now)


def _as_get(call: ProxyCall) -> ProxyCall:
    """HEAD is GET to every function; the server leaves the body of its answer away."""
    if call.request.method != "HEAD":
        return call
    return replace(call, request=replace(call.request, method="GET"))


def _failed(name: str, request: HttpRequest, error: Exception) -> HttpResponse:
    """The answer after a bug: its message might hold content, so its type must do."""
    kind = error.type if isinstance(error, FunctionError) else type(error).__name__
    _LOG.error("function failed: %s", kind, extra={"request_id": _request_id(request)})
    return _refuse(GATEWAY_RESPONSES[name], request)


def _refuse(
    answer_to: Callable[[Refused], ErrorAnswer],
    request: HttpRequest,
    resource: str = "",
    masked_key: str = "",
    allow: str = "",
) -> HttpResponse:
    id_ = _request_id(request)
    answer = answer_to(Refused(id_, request.method, request.path, masked_key, allow))
    method = request.method if _METHOD.fullmatch(request.method) else "…"
    shown = resource or _shown(request.path)
    _LOG.info("%s %s %s", method, shown, answer.status, extra={"request_id": id_})
    return refusals.response(answer, id_)


def _request_id(request: HttpRequest) -> str:
    return f"req_{request.id.replace('-', '')}"


def _shown(path: str) -> str:
    """The path with its words alone: an id, a key or a text in it is nobody's business."""
    return "/".join(part if _WORD.fullmatch(part) else "…" for part in path[:200].split("/"))
