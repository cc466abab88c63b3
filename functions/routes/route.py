"""An endpoint: every fact about it besides its code."""

from dataclasses import dataclass
from typing import Literal

from functions.permissions import Permissions


@dataclass(frozen=True, kw_only=True)
class Route:
    """What answers a method of a path, in which Lambda function, and what it may touch.

    `handler` is a dotted name, so the table imports nothing: a module with `handle(request,
    services)`, or `handle(body, request, services)`. `round_trips` is how often it waits for
    DynamoDB on the good path, the authorizer apart. `streaming`: it may answer in chunks; a
    function's routes are all so, or none is. `beta`: the header OpenAI-Beta is looked at. `polled`:
    apps ask again and again, and the answer says how long to wait in between. `query` are the
    parameters besides those of a page, `headers` what it listens to besides those of every request.
    """

    method: Literal["GET", "POST", "DELETE"]
    path: str
    handler: str
    function: str
    grants: Permissions = ()
    round_trips: int = 1
    streaming: bool = False
    beta: bool = True
    polled: bool = False
    query: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
