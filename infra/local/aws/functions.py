"""Lambda on one machine: a function's own code, invoked in the caller's thread, in its turn."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from importlib import import_module
from typing import Any

from functions.bugs import place
from functions.deployment import FUNCTIONS
from functions.doors import table_path
from functions.lambda_function import LambdaHandler
from functions.routes import ROUTES
from infra.local.aws.function_error import FunctionError
from infra.local.aws.invocation import Invocation, current
from infra.local.turns import Turns
from threadkeep.domain.errors import Superseded
from threadkeep.services import Services

_LOG = logging.getLogger("threadkeep.workers")
_ROUTES = {(route.function, route.method, route.path): route.handler for route in ROUTES}


class LocalFunctions:
    """All functions, over one set of services."""

    def __init__(self, services: Services, turns: Turns) -> None:
        self._turns = turns
        self._handlers: Mapping[str, LambdaHandler] = {
            name: _module(function.entry).build(name, services)
            for name, function in FUNCTIONS.items()
        }

    def invoke(self, function: str, event: Mapping[str, Any]) -> Any:
        """The function's answer, or FunctionError: what went wrong inside stays inside."""
        path = table_path(event.get("resource", ""))
        route = _ROUTES.get((function, event.get("httpMethod", ""), path))
        invocation = Invocation(function, route)
        try:
            with self._working(invocation, _project(event)):
                answer = self._handlers[function](event, None)
        except BaseException as error:
            if not isinstance(error, Superseded):  # that is an answer, by which it is called again
                _LOG.error("%s failed: %s at %s", function, type(error).__name__, place(error))
            raise FunctionError(type(error).__name__, "") from error
        if isinstance(answer, dict) and "chunks" in answer:
            return {**answer, "chunks": self._told(invocation, _project(event), answer["chunks"])}
        return answer

    def _told(
        self, invocation: Invocation, project: str | None, chunks: Iterator[bytes]
    ) -> Iterator[bytes]:
        """The chunks, each made as a part of the invocation that is still answering."""
        while True:
            with self._working(invocation, project):
                chunk = next(chunks, None)
            if chunk is None:
                return
            yield chunk

    @contextmanager
    def _working(self, invocation: Invocation, project: str | None) -> Iterator[None]:
        """What is for a project waits for its turn. What is for all of them does not."""
        token = current.set(invocation)
        try:
            with self._turns.taken(project) if project else nullcontext():
                yield
        finally:
            current.reset(token)


def _project(event: Mapping[str, Any]) -> str | None:
    """For whom a function is invoked: a request's caller, or whoever has the run."""
    authorizer = event.get("requestContext", {}).get("authorizer", {})
    project: str | None = (authorizer or event.get("run", {})).get("project_id")
    return project


def _module(entry: str) -> Any:
    return import_module(entry.rpartition(".")[0])
