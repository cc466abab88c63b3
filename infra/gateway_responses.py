"""What the gateway answers by itself, before or instead of a function: the same words in AWS and
on one machine.

API Gateway fills in a refused request's values by template, the HTTP front by hand.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from threadkeep.domain.errors import NotAuthenticated
from threadkeep.wire import errors
from threadkeep.wire.errors import ErrorAnswer, envelope

_NO_RETRY = {"x-should-retry": "false"}


class Refused(NamedTuple):
    """What is known of the request; `path` with the stage, `/v1/…`. `allow` are the methods that
    its path has, as the header of that name lists them.
    """

    request_id: str
    method: str
    path: str
    masked_key: str = ""
    allow: str = ""


def not_found(request: Refused) -> ErrorAnswer:
    """No route has this path."""
    return ErrorAnswer(404, envelope(f"Invalid URL ({request.method} {request.path})"), {})


def method_not_allowed(request: Refused) -> ErrorAnswer:
    """A route has this path, but with another method."""
    message = f"Not allowed to {request.method} on {request.path}."
    headers = {"allow": request.allow}
    return ErrorAnswer(405, envelope(message, code="method_not_supported"), headers)


def _unauthorized(request: Refused) -> ErrorAnswer:
    return errors.answer(NotAuthenticated(), request.request_id)


def _access_denied(request: Refused) -> ErrorAnswer:
    return errors.answer(NotAuthenticated(request.masked_key), request.request_id)


def _throttled(_request: Refused) -> ErrorAnswer:
    body = envelope(
        "Rate limit reached for requests. Please try again later.",
        "requests",
        code="rate_limit_exceeded",
    )
    return ErrorAnswer(429, body, {"retry-after": "1"})


def _too_large(_request: Refused) -> ErrorAnswer:
    return ErrorAnswer(413, envelope("The request is larger than this server accepts."), {})


def _media_type(_request: Refused) -> ErrorAnswer:
    return ErrorAnswer(415, envelope("The content type of the request is not supported."), {})


def _refused(_request: Refused) -> ErrorAnswer:
    return ErrorAnswer(400, envelope("The request was refused before it was read."), {})


def _failed(status: int, headers: Mapping[str, str]) -> Callable[[Refused], ErrorAnswer]:
    def failed(request: Refused) -> ErrorAnswer:
        return errors.answer(RuntimeError(), request.request_id)._replace(
            status=status, headers=headers
        )

    return failed


# By API Gateway's names. After a failed integration nobody knows what was committed, so the SDKs
# are told not to send it again; where the authorizer failed nothing was.
GATEWAY_RESPONSES: Mapping[str, Callable[[Refused], ErrorAnswer]] = {
    "UNAUTHORIZED": _unauthorized,
    "ACCESS_DENIED": _access_denied,
    "MISSING_AUTHENTICATION_TOKEN": not_found,
    "RESOURCE_NOT_FOUND": not_found,
    "REQUEST_TOO_LARGE": _too_large,
    "UNSUPPORTED_MEDIA_TYPE": _media_type,
    "THROTTLED": _throttled,
    "QUOTA_EXCEEDED": _throttled,
    "AUTHORIZER_FAILURE": _failed(500, {}),
    "AUTHORIZER_CONFIGURATION_ERROR": _failed(500, {}),
    "INTEGRATION_FAILURE": _failed(502, _NO_RETRY),
    "INTEGRATION_TIMEOUT": _failed(504, _NO_RETRY),
    "DEFAULT_4XX": _refused,
    "DEFAULT_5XX": _failed(500, _NO_RETRY),
}
