"""What each endpoint takes and answers, as the signature of its handler says."""

import types
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Never, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from functions.event_stream import EventStream
from functions.routes import ROUTES, Route
from threadkeep.wire import shapes


@dataclass(frozen=True)
class Operation:
    """`answer` is a shape or a page of one; None for a stream of events alone, and for what is
    always `refused`.
    """

    answer: Any
    body: type[BaseModel] | None
    refused: bool


def operation(route: Route) -> Operation:
    """The operation of a route."""
    handle = import_module(route.handler).handle
    hints = get_type_hints(handle, localns={"shapes": shapes})
    answers = [each for each in _arms(hints["return"]) if each not in (EventStream, Never)]
    return Operation(
        answer=answers[0] if answers else None,
        body=hints.get("body"),
        refused=hints["return"] is Never,
    )


def item_of(answer: Any) -> Any:
    """The shape of a page's objects; None for what is no page."""
    return get_args(answer)[0] if get_origin(answer) is shapes.PageObject else None


def _arms(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)


OPERATIONS: Mapping[str, Operation] = {route.handler: operation(route) for route in ROUTES}
"""By the handler's dotted name."""
