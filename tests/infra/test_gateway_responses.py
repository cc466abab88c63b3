"""What the gateway answers by itself, wherever it runs."""

import pytest

from infra.gateway_responses import GATEWAY_RESPONSES, Refused, method_not_allowed, not_found

_REQUEST = Refused("req_1", "PUT", "/v1/threads", masked_key="sk-th****abcd")


@pytest.mark.promise("18.1", "18.8")
@pytest.mark.parametrize("name", GATEWAY_RESPONSES)
def test_every_answer_is_the_envelope_with_all_four_keys(name: str) -> None:
    """SDKs read `error.message`, `type`, `param` and `code` of every error."""
    answer = GATEWAY_RESPONSES[name](_REQUEST)
    assert set(answer.body) == {"error"}
    assert set(answer.body["error"]) == {"message", "type", "param", "code"}


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("UNAUTHORIZED", 401),
        ("ACCESS_DENIED", 401),
        ("MISSING_AUTHENTICATION_TOKEN", 404),
        ("RESOURCE_NOT_FOUND", 404),
        ("REQUEST_TOO_LARGE", 413),
        ("UNSUPPORTED_MEDIA_TYPE", 415),
        ("THROTTLED", 429),
        ("QUOTA_EXCEEDED", 429),
        ("AUTHORIZER_FAILURE", 500),
        ("AUTHORIZER_CONFIGURATION_ERROR", 500),
        ("INTEGRATION_FAILURE", 502),
        ("INTEGRATION_TIMEOUT", 504),
        ("DEFAULT_4XX", 400),
        ("DEFAULT_5XX", 500),
    ],
)
def test_an_answer_has_the_status_that_sdks_make_the_right_error_of(name: str, status: int) -> None:
    """401 for a key that is missing or wrong, 404 for a path that is not there."""
    assert GATEWAY_RESPONSES[name](_REQUEST).status == status


def test_a_wrong_key_is_shown_masked_and_a_missing_one_is_said_to_be_missing() -> None:
    """The contract's two texts of 401."""
    wrong = GATEWAY_RESPONSES["ACCESS_DENIED"](_REQUEST).body["error"]
    assert wrong["message"].startswith("Incorrect API key provided: sk-th****abcd. ")
    assert wrong["code"] == "invalid_api_key"
    missing = GATEWAY_RESPONSES["UNAUTHORIZED"](_REQUEST).body["error"]
    assert missing["message"].startswith("You didn't provide an API key.")
    assert missing["code"] is None


@pytest.mark.promise("1.16", "18.10")
def test_an_answer_that_may_follow_a_write_is_not_retried() -> None:
    """A resent POST would make the object twice; before the integration nothing was written."""
    for name, answer_to in GATEWAY_RESPONSES.items():
        told = answer_to(_REQUEST).headers.get("x-should-retry")
        after_a_write = name.startswith("INTEGRATION") or name == "DEFAULT_5XX"
        assert told == ("false" if after_a_write else None), name


def test_a_server_error_names_the_request() -> None:
    """So that whoever runs the server finds it in the logs."""
    for name in ("DEFAULT_5XX", "INTEGRATION_TIMEOUT", "AUTHORIZER_FAILURE"):
        error = GATEWAY_RESPONSES[name](_REQUEST).body["error"]
        assert "req_1" in error["message"]
        assert error["type"] == "server_error"


def test_an_unknown_path_and_an_unknown_method_are_named() -> None:
    """The texts say what was asked for."""
    missing, refused = not_found(_REQUEST), method_not_allowed(_REQUEST)
    assert missing.status == 404
    assert missing.body["error"]["message"] == "Invalid URL (PUT /v1/threads)"
    assert refused.status == 405
    assert refused.body["error"]["message"] == "Not allowed to PUT on /v1/threads."
