"""CORS in API Gateway: what it says to browsers by itself. Functions see to their own answers.

A gateway response has no template, so it can't compare origins. With one origin it names that; with
several it names none of them but lets every page read it: a refusal has nothing in it that the
caller did not know, and without the right key there is nothing else to read.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from threadkeep.wire import cors

_SET = "#set($context.responseOverride.header.{} = ${})"


@dataclass(frozen=True)
class Cors:
    """What is needed for these origins; without any, nothing."""

    origins: Sequence[str]

    @property
    def on_refusals(self) -> dict[str, str]:
        """The fixed headers of an answer that is the gateway's own, quoted as it wants them."""
        if not self.origins:
            return {}
        only = self.origins[0] if len(self.origins) == 1 else cors.ANY
        return _quoted(cors.on_answer([only], only))

    @property
    def on_preflights(self) -> dict[str, str]:
        """The fixed headers of a preflight's answer, the same for every page."""
        origin = "access-control-allow-origin"
        granted = cors.on_preflight(self.origins, next(iter(self.origins), None), None)
        if cors.ANY not in self.origins:
            granted.pop(origin, None)
        return _quoted(granted)

    @property
    def preflight(self) -> str:
        """The template of a preflight's answer: it sets headers, and leaves the body empty."""
        wanted = _read("wanted", "Access-Control-Request-Headers")
        headers = (
            f'#if($wanted.matches("{cors.HEADERS}"))'
            f"{_SET.format('access-control-allow-headers', 'wanted')}#end"
        )
        if cors.ANY in self.origins:
            return wanted + headers
        listed = " || ".join(f'$origin == "{origin}"' for origin in self.origins)
        origin = _SET.format("access-control-allow-origin", "origin")
        return f"{_read('origin', 'Origin')}{wanted}#if({listed}){origin}{headers}#end"


def _read(variable: str, name: str) -> str:
    """Sets a variable to a header of the request, or "". In HTTP/2 its name is in lower case."""
    first, second = (f"\"$!input.params().header.get('{n}')\"" for n in (name, name.lower()))
    return f'#set(${variable} = {first})#if(${variable} == "")#set(${variable} = {second})#end'


def _quoted(headers: dict[str, str]) -> dict[str, str]:
    return {name: f"'{value}'" for name, value in headers.items()}
