"""What only this server answers by itself: to API Gateway sockets and bodies are its own business.

Each is a refusal of a request that no function has seen, so it may be sent again.
"""

import json

from infra.gateway_responses import Refused
from infra.local.aws.proxy_event import HttpResponse
from threadkeep.domain.errors import Overloaded
from threadkeep.wire import errors
from threadkeep.wire.errors import ErrorAnswer, envelope
from threadkeep.wire.headers import OPENAI_VERSION

_CLOSE = {"connection": "close"}


def not_http(_request: Refused) -> ErrorAnswer:
    """What came is no request."""
    return ErrorAnswer(400, envelope("The request is not valid HTTP."), _CLOSE)


def two_lengths(_request: Refused) -> ErrorAnswer:
    """Whoever passed it on may have seen another end of it, and another request behind it."""
    message = "A request has either a Content-Length or a Transfer-Encoding, not both."
    return ErrorAnswer(400, envelope(message), _CLOSE)


def too_slow(_request: Refused) -> ErrorAnswer:
    """Its rest did not come in time."""
    return ErrorAnswer(408, envelope("The rest of the request did not arrive in time."), _CLOSE)


def large_head(_request: Refused) -> ErrorAnswer:
    """Its line and headers are over the limit."""
    message = "The URL and the headers of the request are larger than this server accepts."
    return ErrorAnswer(431, envelope(message), _CLOSE)


def overloaded(request: Refused) -> ErrorAnswer:
    """There is no room for it now."""
    return errors.answer(Overloaded(), request.request_id)


def response(answer: ErrorAnswer, request_id: str) -> HttpResponse:
    """A refusal on its way out."""
    headers = {
        "content-type": "application/json",
        "openai-version": OPENAI_VERSION,
        "x-request-id": request_id,
        **answer.headers,
    }
    text = json.dumps(answer.body, ensure_ascii=False, separators=(",", ":"))
    return HttpResponse(answer.status, tuple(headers.items()), text.encode())
