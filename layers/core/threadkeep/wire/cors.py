"""CORS: which pages in a browser may call, and what they may read of an answer.

Keys come in headers that a page's own program sets, never by themselves as cookies do. So an
answer allows no credentials, and whoever may read it had the key, or got a refusal.
"""

import re
from collections.abc import Collection, Iterable, Mapping

from threadkeep.wire.headers import POLL_AFTER

ANY = "*"
MOST_ORIGINS = 20  # a function's environment has 4 KB for everything
LONGEST_ORIGIN = 100
METHODS = "GET, POST, DELETE"
MAX_AGE = "7200"  # seconds: browsers keep an answer no longer
EXPOSED = ", ".join(
    (
        "x-request-id",
        "openai-version",
        "openai-processing-ms",
        POLL_AFTER,
        "retry-after",
        "x-should-retry",
    )
)
# Headers that a page wants to send. SDKs have dozens, so they are not listed but given back. `*`
# would not do: it leaves Authorization out.
HEADERS = "[A-Za-z0-9_, -]{1,2000}"

_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")
_USUAL_PORT = re.compile(r"http:.*:80|https:.*:443")
_SHAPE = (
    "'*' or scheme://host[:port] as a browser sends it: in lower case, without a path, a slash at "
    "the end or the scheme's usual port"
)


class OriginError(ValueError):
    """An origin makes no sense, or there are too many; the message ends a sentence on them."""


def origins(texts: Iterable[str]) -> tuple[str, ...]:
    """The origins, each once, or OriginError."""
    found = tuple(dict.fromkeys(texts))
    if len(found) > MOST_ORIGINS:
        raise OriginError(f"must be at most {MOST_ORIGINS} origins, not {len(found)}")
    for text in found:
        if text != ANY and not _is_origin(text):
            raise OriginError(f"must be {_SHAPE}; not {text[:LONGEST_ORIGIN]!r}")
    return found


def _is_origin(text: str) -> bool:
    return (
        len(text) <= LONGEST_ORIGIN
        and _ORIGIN.fullmatch(text) is not None
        and _USUAL_PORT.fullmatch(text) is None
    )


def on_answer(allowed: Collection[str], origin: str | None) -> dict[str, str]:
    """The headers of every answer, for the page's `origin` if a page asks; none if none may."""
    return _granted(allowed, origin, {"access-control-expose-headers": EXPOSED})


def on_preflight(
    allowed: Collection[str], origin: str | None, wanted: str | None
) -> dict[str, str]:
    """The headers of the answer to the browser's question before a call with `wanted` headers."""
    more = {"access-control-allow-methods": METHODS, "access-control-max-age": MAX_AGE}
    if wanted and re.fullmatch(HEADERS, wanted):
        more["access-control-allow-headers"] = wanted
    return _granted(allowed, origin, more)


def _granted(
    allowed: Collection[str], origin: str | None, more: Mapping[str, str]
) -> dict[str, str]:
    if ANY in allowed:
        return {"access-control-allow-origin": ANY, **more}
    if not allowed:
        return {}
    vary = {"vary": "Origin"}  # a cache must not give one page's answer to another
    if origin is None or origin not in allowed:
        return vary
    return {**vary, "access-control-allow-origin": origin, **more}
