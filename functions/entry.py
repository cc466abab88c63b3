"""What API Gateway invokes: event → route → handle → answer.

An answer is status, headers and either a `body` or the `chunks` of one, which the host sends as
they are made. Whoever stops reading them closes them.
"""

import json
import logging
import math
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from pydantic import BaseModel

from functions.bugs import place
from functions.doors import OPENAI
from functions.event_stream import EventStream
from functions.lambda_function import LambdaContext, LambdaEvent, LambdaHandler, for_lambda
from functions.request import Request
from functions.routes import ROUTES, Route
from threadkeep.domain.errors import ThreadkeepError
from threadkeep.services import Services
from threadkeep.wire import cors, errors, events, headers
from threadkeep.wire.ids import well_formed

_LOG = logging.getLogger("threadkeep.requests")
# Seconds that a stream ends before Lambda would end it: API Gateway's clock runs since before the
# cold start, and the last look at the run takes its time.
_TO_END = 10.0

Handle = Callable[..., object]


def build(function: str, services: Services) -> LambdaHandler:
    """The handler of a function: it answers the routes that the table gives to it."""
    endpoints: Mapping[tuple[str, str], _Endpoint] = {
        (route.method, route.path): _Endpoint.of(route)
        for route in ROUTES
        if route.function == function
    }

    def handler(event: LambdaEvent, context: LambdaContext | None) -> dict[str, Any]:
        began = time.perf_counter()
        request = Request.of(event)
        endpoint = endpoints[request.method, request.resource]
        until = services.clock.monotonic() + _time_left(context)
        answer = _answer(endpoint, request, services, until)
        milliseconds = (time.perf_counter() - began) * 1000
        answer["headers"] |= headers.every_answer(request.id, milliseconds)
        answer["headers"] |= cors.on_answer(
            services.config.cors_origins, request.headers.get("origin")
        )
        _log(event, request, answer, milliseconds)
        return answer

    return handler


@dataclass(frozen=True)
class _Endpoint:
    """A route, and its `handle(request, services)` or `handle(body, request, services)`."""

    route: Route
    handle: Handle
    body: type[BaseModel] | None

    @staticmethod
    def of(route: Route) -> "_Endpoint":
        handle: Handle = import_module(route.handler).handle
        return _Endpoint(route, handle, handle.__annotations__.get("body"))

    def answer(self, request: Request, services: Services) -> object:
        request.expect_ids()
        if self.body is None:
            return self.handle(request, services)
        return self.handle(request.body(self.body), request, services)


def _time_left(context: LambdaContext | None) -> float:
    """For how many seconds a stream may go on."""
    return context.get_remaining_time_in_millis() / 1000 - _TO_END if context else math.inf


def _answer(
    endpoint: "_Endpoint", request: Request, services: Services, until: float
) -> dict[str, Any]:
    try:
        if endpoint.route.beta:
            _expect_beta(request, services)
        answer = endpoint.answer(request, services)
        if isinstance(answer, EventStream):
            return _stream(answer.chunks(until), request)
        return _proxy(200, answer, _polling(services) if endpoint.route.polled else {})
    except Exception as error:  # noqa: BLE001  (the outermost edge)
        return _proxy(*_refusal(error, request))


def _expect_beta(request: Request, services: Services) -> None:
    """Azure's API, which had dates for versions, never asked for the header."""
    strict = services.config.strict_beta and request.door is OPENAI
    headers.expect_beta(request.headers.get("openai-beta"), strict=strict)


def _refusal(error: Exception, request: Request) -> errors.ErrorAnswer:
    if not isinstance(error, ThreadkeepError):
        # The type and the place say what broke; a message might hold content.
        _LOG.error(
            "bug %s at %s", type(error).__name__, place(error), extra={"request_id": request.id}
        )
    return errors.answer(error, request.id, reading=request.method == "GET")


def _stream(chunks: Generator[bytes], request: Request) -> dict[str, Any]:
    """An answer whose body comes in chunks. What fails before the first is a plain error."""
    chunks = _going_on(next(chunks), chunks, request)
    return {"statusCode": 200, "headers": {**events.HEADERS}, "chunks": chunks}


def _going_on(first: bytes, rest: Generator[bytes], request: Request) -> Generator[bytes]:
    """All chunks. What fails now can be told only by an event: the status is out."""
    with closing(rest):
        try:
            yield first
            yield from rest
        except Exception as error:  # noqa: BLE001  (the same edge, passed a second time)
            yield events.error(_refusal(error, request).body["error"]["message"])


def _polling(services: Services) -> dict[str, str]:
    """How long an app that polls should wait until the next time."""
    return {headers.POLL_AFTER: str(services.config.poll_after_ms)}


def _proxy(status: int, body: object, more: Mapping[str, str]) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json", **more},
        "body": json.dumps(body, ensure_ascii=False, separators=(",", ":")),
        "isBase64Encoded": False,
    }


def _log(
    event: LambdaEvent, request: Request, answer: Mapping[str, Any], milliseconds: float
) -> None:
    """One line for each request: never a body, and of the path only what is an id."""
    ids = {k: v for k, v in request.path.items() if well_formed(v, v.partition("_")[0])}
    _LOG.info(
        "%s %s %s",
        event["httpMethod"],
        event["resource"],
        answer["statusCode"],
        extra={"request_id": request.id, "milliseconds": round(milliseconds, 1), **ids},
    )


handler = for_lambda(build)
