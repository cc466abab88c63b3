"""The API's own headers: what every answer says, and what a request may ask for."""

from threadkeep.domain.errors import InvalidRequest
from threadkeep.wire import wording

OPENAI_VERSION = "2020-10-01"
POLL_AFTER = "openai-poll-after-ms"

_CODE = "invalid_beta"
_SET_V2 = "Please try again by setting the header 'OpenAI-Beta: assistants=v2'."
_MISSING = f"You must provide the 'OpenAI-Beta' header to access the Assistants API. {_SET_V2}"
_V1 = f"The v1 Assistants API has been deprecated. {_SET_V2}"


def every_answer(request_id: str, milliseconds: float) -> dict[str, str]:
    """The headers of every answer, whatever it is."""
    return {
        "openai-version": OPENAI_VERSION,
        "openai-processing-ms": str(round(milliseconds)),
        "x-request-id": request_id,
    }


def expect_beta(header: str | None, *, strict: bool) -> None:
    """Refuses a request for another version of the API; if `strict`, also one for none.

    The header may list several betas, of which only ours counts.
    """
    if "assistants=v2" in (header or "") or not (header or strict):
        return
    if not header:
        raise InvalidRequest(_MISSING, code=_CODE)
    if "assistants=v1" in header:
        raise InvalidRequest(_V1, code=_CODE)
    raise InvalidRequest(f"Unknown beta requested: '{wording.shown(header)}'.", code=_CODE)


def expect_json(content_type: str | None) -> None:
    """Refuses a body that says it is something else; one that does not say what it is, is JSON."""
    if not content_type:
        return
    kind = content_type.partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        raise wording.not_json_type(content_type)
