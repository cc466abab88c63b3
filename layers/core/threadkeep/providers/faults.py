"""What a model server did wrong, and the `last_error` code that it makes: all in one exception."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from threadkeep.providers.port import FailureCode

_BAD_REQUEST = 400
_REFUSALS = (_BAD_REQUEST, 422)
_NO_QUOTA = "insufficient_quota"
_LOOKED_AT = 2_000  # characters of what a server says of its error
_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500
_ABOUT_THE_SERVER = re.compile(r"server_error|overloaded|unavailable|timeout")
_ABOUT_THE_PROMPT = re.compile(
    r"\bprompt\b|\binvalid_prompt\b|\bcontext[ _](length|window|size)|\breduce the length\b",
    re.IGNORECASE,
)
_UNSUPPORTED = re.compile(
    r"\bunsupported|\bnot support|\bonly the default\b|\bnot (permitted|allowed)\b", re.IGNORECASE
)
_INPUT = re.compile(r"\binput\b", re.IGNORECASE)
_TOO_LONG = re.compile(r"\b(long|large|tokens?)\b", re.IGNORECASE)


class Fault(Exception):
    """A turn went wrong.

    `summary` is our text; `detail` is the provider's, to be redacted before anybody sees it.
    `passing` and `retry_after` are as in `Failed`, had nothing been said before. `refused` is what
    the server said of a request that it can't carry out.
    """

    def __init__(
        self,
        summary: str,
        detail: str = "",
        code: FailureCode = "server_error",
        *,
        passing: bool = False,
        retry_after: float | None = None,
        refused: str = "",
    ) -> None:
        super().__init__(summary)
        self.summary = summary
        self.detail = detail
        self.code = code
        self.passing = passing
        self.retry_after = retry_after
        self._refused = refused

    def refuses(self, parameters: Iterable[str]) -> set[str]:
        """Those of the parameters that the server named when it refused the request."""
        return {name for name in parameters if re.search(rf"\b{name}\b", self._refused)}

    @property
    def refuses_every_value(self) -> bool:
        """Whether it is the parameters that the server does not take, not just these values."""
        return _UNSUPPORTED.search(self._refused) is not None


def of_status(status: int, body: bytes, retry_after: float | None = None) -> Fault:
    """The fault that an answer other than 200 is."""
    error = _error_in(_parsed(body))
    detail = (_text(error) or body.decode(errors="replace"))[:_LOOKED_AT]
    kind = _kind(error)
    passing = _passes(status, kind)
    return Fault(
        f"The model server answered with status {status}",
        detail,
        _code(status, kind, detail),
        passing=passing,
        retry_after=retry_after if passing else None,
        refused=f"{_param(error)} {kind} {detail}" if status in _REFUSALS else "",
    )


def of_error(error: object) -> Fault:
    """The fault that an `error` in an answer of status 200 is; its `code` is a status or a name."""
    kind, detail = _kind(error), _text(error)[:_LOOKED_AT]
    status = _status_of(kind)
    return Fault(
        "The model server reported an error",
        detail,
        _code(status, kind, detail),
        passing=_passes(status, kind),
    )


def of_body(content_type: str, body: bytes) -> Fault:
    """The fault that one whole body is, where a stream was asked for."""
    error = _error_in(_parsed(body))
    if isinstance(error, str) or _text(error):
        return of_error(error)
    return Fault(f"The model server answered with {content_type} instead of a stream of events")


def _status_of(kind: str) -> int:
    """The status that the server would have answered with, had it known in time."""
    if "rate_limit" in kind or _NO_QUOTA in kind:
        return _TOO_MANY_REQUESTS
    if number := re.search(r"\b[1-5]\d\d\b", kind):
        return int(number[0])
    return _SERVER_ERROR if _ABOUT_THE_SERVER.search(kind) else _BAD_REQUEST


def _passes(status: int, kind: str) -> bool:
    """Whether the same request may succeed later. An account that has no money left stays so."""
    if _NO_QUOTA in kind:
        return False
    return status == _TOO_MANY_REQUESTS or status >= _SERVER_ERROR


def _code(status: int, kind: str, text: str) -> FailureCode:
    if status == _TOO_MANY_REQUESTS:
        return "rate_limit_exceeded"
    if status == _BAD_REQUEST and _is_about_the_prompt(f"{kind} {text}"):
        return "invalid_prompt"
    return "server_error"


def _is_about_the_prompt(text: str) -> bool:
    """Whether an error says that it is the prompt that is wrong, such as too long an input."""
    if _ABOUT_THE_PROMPT.search(text):
        return True
    input_ = _INPUT.search(text)
    return input_ is not None and _TOO_LONG.search(text, input_.end()) is not None


def _parsed(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _error_in(body: object) -> object:
    """OpenAI wraps the error in `error`; servers near to it answer with the error alone."""
    return body.get("error", body) if isinstance(body, Mapping) else None


def _text(error: object) -> str:
    if not isinstance(error, Mapping):
        return error if isinstance(error, str) else ""
    texts: tuple[Any, ...] = (error.get("message"), error.get("detail"))
    return next((text for text in texts if isinstance(text, str)), "")


def _kind(error: object) -> str:
    """Code and type, of which only so much is looked at."""
    if not isinstance(error, Mapping):
        return ""
    return f"{error.get('code')} {error.get('type')}"[:_LOOKED_AT]


def _param(error: object) -> str:
    return str(error.get("param"))[:_LOOKED_AT] if isinstance(error, Mapping) else ""
