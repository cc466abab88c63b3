"""API Gateway on one machine: resource, method, size and key are checked, then a function answers.

Every refusal is one of `infra.gateway_responses`, the texts that the deployed API has, too.
"""

import json
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from functions.doors import AZURE, DOORS, Door, door_of
from functions.routes import ROUTES, Route
from infra.gateway_responses import GATEWAY_RESPONSES, Refused, method_not_allowed
from infra.local.authorizations import Authorizations
from infra.local.function_error import FunctionError, Invoke
from infra.local.proxy_event import (
    STAGE,
    Call,
    HttpRequest,
    HttpResponse,
    http_response,
    proxy_event,
)
from infra.unsupported import no_route
from threadkeep.domain.clock import Clock
from threadkeep.wire.errors import Answer
from threadkeep.wire.headers import OPENAI_VERSION
from threadkeep.wire.validation import MAX_BODY_BYTES

_LOG = logging.getLogger("threadkeep.requests")
_WORD = re.compile(r"[a-z_]{1,32}|\{[a-z_]+\}|v1|")
_METHOD = re.compile(r"[A-Z]{1,10}")


@dataclass(frozen=True)
class _Resource:
    """A path of the table behind a door, and which function answers which method."""

    template: str
    pattern: re.Pattern[str]
    functions: Mapping[str, str]


class Gateway:
    """Answers requests, each in its caller's thread. Holds nothing but the authorizer's answers."""

    def __init__(self, invoke: Invoke, clock: Clock, routes: Iterable[Route] = ROUTES) -> None:
        self._invoke = invoke
        self._clock = clock
        self._authorizations = {door: Authorizations(invoke, clock) for door in DOORS}
        self._resources = _resources(routes)

    def answer(self, request: HttpRequest) -> HttpResponse:
        """The answer to a request, whatever it is and whatever goes wrong."""
        try:
            return self._answer(request)
        except Exception as error:  # noqa: BLE001  (the outermost edge: a client waits)
            return _failed("DEFAULT_5XX", request, error)

    def _answer(self, request: HttpRequest) -> HttpResponse:
        found = self._find(request)
        if found is None:
            return _refuse(no_route(request.path), request)
        resource, call = found
        function = resource.functions.get(request.method)
        if function is None:
            return _refuse(method_not_allowed, request, resource.template)
        if len(request.body) > MAX_BODY_BYTES:
            return _refuse(GATEWAY_RESPONSES["REQUEST_TOO_LARGE"], request, resource.template)
        header = request.header(door_of(resource.template).key_header.lower())
        if not header:
            return _refuse(GATEWAY_RESPONSES["UNAUTHORIZED"], request, resource.template)
        return self._authorized(call, header, function)

    def _authorized(self, call: Call, header: str, function: str) -> HttpResponse:
        try:
            authorization = self._authorizations[door_of(call.resource)].of(call, header)
        except FunctionError as error:
            return _failed("AUTHORIZER_FAILURE", call.request, error)
        context = authorization.context
        if not authorization.allowed:
            denied, masked_key = GATEWAY_RESPONSES["ACCESS_DENIED"], context.get("masked_key", "")
            return _refuse(denied, call.request, call.resource, masked_key)
        return http_response(self._invoke(function, proxy_event(call, context)))

    def _find(self, request: HttpRequest) -> tuple[_Resource, Call] | None:
        for resource in self._resources:
            if match := resource.pattern.fullmatch(request.path):
                parameters = {name: unquote(value) for name, value in match.groupdict().items()}
                now = self._clock.now()
                return resource, Call(request, resource.template, parameters, now)
        return None


def _resources(routes: Iterable[Route]) -> list[_Resource]:
    """The resources of all doors; a path that stands there word by word comes before a template."""
    functions: dict[str, dict[str, str]] = {}
    for route in routes:
        functions.setdefault(route.path, {})[route.method] = route.function
    return [
        _Resource(door.prefix + path, _pattern(door, path), functions[path])
        for path in sorted(functions, key=lambda path: (path.count("{"), path))
        for door in DOORS
    ]


def _pattern(door: Door, path: str) -> re.Pattern[str]:
    """A parameter is one segment as it was sent: a decoded `%2F` makes no new one.

    Azure's clients put their prefix behind an address that often has no path: there the stage may
    be missing.
    """
    stage = f"(?:/{STAGE})?" if door is AZURE else f"/{STAGE}"
    return re.compile(stage + door.prefix + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))


def _failed(name: str, request: HttpRequest, error: Exception) -> HttpResponse:
    """The answer after a bug: its message might hold content, so its type must do."""
    kind = error.type if isinstance(error, FunctionError) else type(error).__name__
    _LOG.error("function failed: %s", kind, extra={"request_id": _request_id(request)})
    return _refuse(GATEWAY_RESPONSES[name], request)


def _refuse(
    answer_to: Callable[[Refused], Answer],
    request: HttpRequest,
    resource: str = "",
    masked_key: str = "",
) -> HttpResponse:
    id_ = _request_id(request)
    status, body, headers = answer_to(Refused(id_, request.method, request.path, masked_key))
    method = request.method if _METHOD.fullmatch(request.method) else "…"
    _LOG.info(
        "%s %s %s", method, resource or _shown(request.path), status, extra={"request_id": id_}
    )
    content = {
        "content-type": "application/json",
        "openai-version": OPENAI_VERSION,
        "x-request-id": id_,
    }
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return HttpResponse(status, tuple({**content, **headers}.items()), text.encode())


def _request_id(request: HttpRequest) -> str:
    return f"req_{request.id.replace('-', '')}"


def _shown(path: str) -> str:
    """The path with its words alone: an id, a key or a text in it is nobody's business."""
    return "/".join(part if _WORD.fullmatch(part) else "…" for part in path[:200].split("/"))
