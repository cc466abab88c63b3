"""THE mapping from domain errors to answers: status, text, type, param, code.

The texts are the contract's, to the letter: clients match on them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from threadkeep.domain.errors import (
    InvalidRequest,
    NotAuthenticated,
    NotFound,
    Overloaded,
    RunActive,
    ThreadLocked,
    UnsupportedModel,
)

_Refusal = tuple[int, str, str | None, str | None]  # status, message, param, code

_NO_KEY = (
    "You didn't provide an API key. You need to provide your API key in an Authorization header "
    "using Bearer auth (i.e. Authorization: Bearer YOUR_KEY)."
)
_WRONG_KEY = (
    "Incorrect API key provided: {}. "
    "You can find your API key at https://platform.openai.com/account/api-keys."
)
_SERVER_ERROR = (
    "The server had an error processing your request. Sorry about that! You can retry your "
    "request, or contact whoever runs this server if you keep seeing this error. "
    "(Please include the request ID {} in your message.)"
)
_OVERLOADED = (
    "The server is currently overloaded with other requests. Sorry about that! "
    "You can retry your request."
)


@dataclass
class BodyTooLarge(InvalidRequest):
    """The body is over the limit: the one invalid request that is a 413."""


class ErrorAnswer(NamedTuple):
    """An error as it goes out."""

    status: int
    body: dict[str, Any]
    headers: Mapping[str, str]


def envelope(
    message: str,
    type_: str = "invalid_request_error",
    param: str | None = None,
    code: str | None = None,
) -> dict[str, Any]:
    """The shape of every error: all four keys, always."""
    return {"error": {"message": message, "type": type_, "param": param, "code": code}}


def answer(error: BaseException, request_id: str, *, reading: bool = False) -> ErrorAnswer:
    """What to answer for `error`. What is no domain error is a bug, and says nothing of itself.

    After a bug nobody knows what was committed, so the SDKs are told not to send it again, unless
    the request was only `reading`.
    """
    if isinstance(error, Overloaded):
        return ErrorAnswer(503, envelope(_OVERLOADED, "server_error"), {"retry-after": "1"})
    refusal = next((_REFUSALS[kind] for kind in type(error).__mro__ if kind in _REFUSALS), None)
    if refusal is None:
        body = envelope(_SERVER_ERROR.format(request_id), "server_error")
        return ErrorAnswer(500, body, {} if reading else {"x-should-retry": "false"})
    status, message, param, code = refusal(error)
    return ErrorAnswer(status, envelope(message, param=param, code=code), {})


def _not_found(error: NotFound) -> _Refusal:
    if error.kind == "model":
        return 404, f"The model '{error.id}' does not exist", "model", "model_not_found"
    return 404, f"No {error.kind} found with id '{error.id}'.", None, None


def _unsupported_model(error: UnsupportedModel) -> _Refusal:
    text = f"The requested model '{error.model}' cannot be used with the Assistants API."
    return 400, text, "model", "unsupported_model"


def _thread_locked(error: ThreadLocked) -> _Refusal:
    text = f"Can't add messages to {error.thread_id} while a run {error.run_id} is active."
    return 400, text, None, None


def _run_active(error: RunActive) -> _Refusal:
    text = f"Thread {error.thread_id} already has an active run {error.run_id}."
    return 400, text, None, None


def _not_authenticated(error: NotAuthenticated) -> _Refusal:
    if error.masked_key:
        return 401, _WRONG_KEY.format(error.masked_key), None, "invalid_api_key"
    return 401, _NO_KEY, None, None


_REFUSALS: Mapping[type, Callable[[Any], _Refusal]] = {
    InvalidRequest: lambda error: (400, error.message, error.param, error.code),
    BodyTooLarge: lambda error: (413, error.message, error.param, error.code),
    NotFound: _not_found,
    ThreadLocked: _thread_locked,
    RunActive: _run_active,
    UnsupportedModel: _unsupported_model,
    NotAuthenticated: _not_authenticated,
}
