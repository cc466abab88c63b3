"""Lambda on one machine: a function's own code, invoked in the caller's thread."""

import logging
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from functions.bugs import place
from functions.deployment import FUNCTIONS
from functions.doors import table_path
from functions.lambda_function import Handler
from functions.routes import ROUTES
from infra.local.function_error import FunctionError
from infra.local.invocation import Invocation, current
from threadkeep.domain.errors import Superseded
from threadkeep.services import Services

_LOG = logging.getLogger("threadkeep.workers")
_ROUTES = {(route.function, route.method, route.path): route.handler for route in ROUTES}


class Functions:
    """All functions, over one set of services."""

    def __init__(self, services: Services) -> None:
        self._handlers: Mapping[str, Handler] = {
            name: _module(function.entry).build(name, services)
            for name, function in FUNCTIONS.items()
        }

    def invoke(self, function: str, event: Mapping[str, Any]) -> Any:
        """The function's answer, or FunctionError: what went wrong inside stays inside."""
        path = table_path(event.get("resource", ""))
        route = _ROUTES.get((function, event.get("httpMethod", ""), path))
        invocation = Invocation(function, route)
        token = current.set(invocation)
        try:
            answer = self._handlers[function](event, None)
        except BaseException as error:
            if not isinstance(error, Superseded):  # that is an answer, by which it is called again
                _LOG.error("%s failed: %s at %s", function, type(error).__name__, place(error))
            raise FunctionError(type(error).__name__, "") from error
        finally:
            current.reset(token)
        if isinstance(answer, dict) and "chunks" in answer:
            return {**answer, "chunks": _within(invocation, answer["chunks"])}
        return answer


def _within(invocation: Invocation, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The chunks, each made as a part of the invocation that is still answering."""
    while True:
        token = current.set(invocation)
        try:
            chunk = next(chunks, None)
        finally:
            current.reset(token)
        if chunk is None:
            return
        yield chunk


def _module(entry: str) -> Any:
    return import_module(entry.rpartition(".")[0])
