"""Which resource a path is: API Gateway's routing, made of the route table."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from functions.doors import AZURE, DOORS, Door
from functions.routes import ROUTES, Route
from infra.local.aws.proxy_event import STAGE


@dataclass(frozen=True)
class Resource:
    """A path of the table behind a door, and which function answers which method."""

    template: str
    pattern: re.Pattern[str]
    functions: Mapping[str, str]


class Router:
    """The resources of all doors. A path that stands there word by word comes before a template."""

    def __init__(self, routes: Iterable[Route] = ROUTES) -> None:
        functions: dict[str, dict[str, str]] = {}
        for route in routes:
            functions.setdefault(route.path, {})[route.method] = route.function
        for methods in functions.values():
            if "GET" in methods:
                methods["HEAD"] = methods["GET"]
        self.resources = [
            Resource(door.prefix + path, pattern(door, path), functions[path])
            for path in sorted(functions, key=lambda path: (path.count("{"), path))
            for door in DOORS
        ]

    def find(self, path: str) -> tuple[Resource, dict[str, str]] | None:
        """The resource of a path with its stage, and the parameters in it."""
        for resource in self.resources:
            if match := resource.pattern.fullmatch(path):
                return resource, {name: unquote(v) for name, v in match.groupdict().items()}
        return None


def pattern(door: Door, path: str) -> re.Pattern[str]:
    """A parameter is one segment as it was sent: a decoded `%2F` makes no new one.

    Azure's clients put their prefix behind an address that often has no path: there the stage may
    be missing.
    """
    stage = f"(?:/{STAGE})?" if door is AZURE else f"/{STAGE}"
    return re.compile(stage + door.prefix + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))
