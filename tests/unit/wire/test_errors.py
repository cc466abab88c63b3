"""Every domain error has one answer: status, text, type, param, code."""

import pytest

from threadkeep.domain import errors as domain
from threadkeep.wire.errors import BodyTooLarge, answer

WRONG_KEY = (
    "Incorrect API key provided: sk-a***z. "
    "You can find your API key at https://platform.openai.com/account/api-keys."
)


@pytest.mark.parametrize(
    ("error", "status", "message", "param", "code"),
    [
        (
            domain.NotFound("thread", "thread_X"),
            404,
            "No thread found with id 'thread_X'.",
            None,
            None,
        ),
        (
            domain.NotFound("assistant", "asst_X"),
            404,
            "No assistant found with id 'asst_X'.",
            None,
            None,
        ),
        (domain.NotFound("run", "run_X"), 404, "No run found with id 'run_X'.", None, None),
        (domain.NotFound("message", "msg_X"), 404, "No message found with id 'msg_X'.", None, None),
        (
            domain.NotFound("run step", "step_123"),
            404,
            "No run step found with id 'step_123'.",
            None,
            None,
        ),
        (
            domain.NotFound("model", "gpt-9"),
            404,
            "The model 'gpt-9' does not exist",
            "model",
            "model_not_found",
        ),
        (domain.InvalidRequest("Text.", "p", "c"), 400, "Text.", "p", "c"),
        (BodyTooLarge("Text."), 413, "Text.", None, None),
        (
            domain.ThreadLocked("thread_X", "run_Y"),
            400,
            "Can't add messages to thread_X while a run run_Y is active.",
            None,
            None,
        ),
        (
            domain.RunActive("thread_X", "run_Y"),
            400,
            "Thread thread_X already has an active run run_Y.",
            None,
            None,
        ),
        (
            domain.UnsupportedModel("gpt-5.1"),
            400,
            "The requested model 'gpt-5.1' cannot be used with the Assistants API.",
            "model",
            "unsupported_model",
        ),
        (domain.NotAuthenticated("sk-a***z"), 401, WRONG_KEY, None, "invalid_api_key"),
    ],
)
def test_what_the_caller_can_put_right(
    error: Exception, status: int, message: str, param: str | None, code: str | None
) -> None:
    """Each of these is answered in the contract's words, with all four keys."""
    wire = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
    assert answer(error, "req_1") == (status, {"error": wire}, {})


def test_no_key() -> None:
    """A request without a key is told where keys go."""
    status, body, _ = answer(domain.NotAuthenticated(), "req_1")
    assert status == 401
    assert body["error"]["message"].startswith("You didn't provide an API key.")


def test_overloaded() -> None:
    """A write that was never made may be tried again."""
    status, body, headers = answer(domain.Overloaded(), "req_1")
    assert (status, body["error"]["type"]) == (503, "server_error")
    assert "x-should-retry" not in headers


@pytest.mark.parametrize("error", [KeyError("marker"), domain.Superseded("marker"), SystemExit(1)])
def test_a_bug(error: BaseException) -> None:
    """What nobody expected says nothing of itself but the request's id, and is not sent again."""
    status, body, headers = answer(error, "req_1")
    assert (status, list(body["error"])) == (500, ["message", "type", "param", "code"])
    assert body["error"]["type"] == "server_error"
    assert "(Please include the request ID req_1 in your message.)" in body["error"]["message"]
    assert "marker" not in str(body)
    assert headers == {"x-should-retry": "false"}


def test_every_domain_error_has_an_answer() -> None:
    """No domain error is answered as a bug, but for the one that never reaches HTTP."""
    samples = {
        domain.NotFound: ("run", "run_1"),
        domain.InvalidRequest: ("text",),
        domain.ThreadLocked: ("thread_1", "run_1"),
        domain.RunActive: ("thread_1", "run_1"),
        domain.UnsupportedModel: ("m",),
        domain.NotAuthenticated: ("",),
        domain.Overloaded: (),
    }
    unanswered = {
        kind
        for kind in domain.ThreadkeepError.__subclasses__()
        if kind not in samples or answer(kind(*samples[kind]), "req_1").status == 500
    }
    assert unanswered == {domain.Superseded}
