"""The runtime of the layer, as Lambda would start it: built, laid out like /opt, over real HTTP."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.infra import invoked
from tests.infra.runtime_api import PACKAGES, PATIENCE, TIMEOUT, Environment, environment

_ERROR_TYPE = "Lambda-Runtime-Function-Error-Type"
_ERROR_BODY = "Lambda-Runtime-Function-Error-Body"


@pytest.fixture
def lambda_(built: tuple[Path, Path], tmp_path: Path) -> Iterator[Environment]:
    """An environment of the functions in `invoked`."""
    with environment(*built, "invoked.handler", tmp_path / "log") as started:
        yield started


def chunks(lambda_: Environment, script: str, **options: Any) -> Any:
    event = {"httpMethod": "GET", "do": "chunks", "script": script}
    return lambda_.api.invoke(event, **options)


def test_chunks_arrive_as_they_are_made(lambda_: Environment) -> None:
    """Each is out before the next one is made: the function makes it only once the test has the
    one before. Status and headers are out with the first.
    """
    told = chunks(lambda_, "a.b.c")
    headers = told.begun()
    assert headers["Lambda-Runtime-Function-Response-Mode"] == "streaming"
    assert headers["Content-Type"] == "application/vnd.awslambda.http-integration-response"
    assert headers["Transfer-Encoding"] == "chunked"
    assert headers["Trailer"] == f"{_ERROR_TYPE}, {_ERROR_BODY}"
    assert told.prelude() == (200, {"a": "b"})
    assert told.piece() == b"a"
    lambda_.let_go()
    assert told.piece() == b"b"
    lambda_.let_go()
    assert told.piece() == b"c"
    assert told.ended() == {}


def test_an_empty_chunk_ends_nothing(lambda_: Environment) -> None:
    """On the wire an empty chunk would be the last."""
    assert chunks(lambda_, "-a-b-").whole() == (200, {"a": "b"}, b"ab")
    assert chunks(lambda_, "").whole() == (200, {"a": "b"}, b"")


def test_a_body_comes_with_the_prelude_too(lambda_: Environment) -> None:
    """What is not streamed goes the same way: API Gateway expects it."""
    told = lambda_.api.invoke({"httpMethod": "GET", "do": "json"})
    assert told.begun()["Lambda-Runtime-Function-Response-Mode"] == "streaming"
    assert told.prelude() == (404, {"x-id": "1"})
    assert told.piece() == '{"é":1}'.encode()
    assert told.ended() == {}
    binary = lambda_.api.invoke({"httpMethod": "GET", "do": "binary"})
    assert binary.whole() == (200, {}, bytes(range(256)))


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ({"do": "fail"}, "ValueError"),
        ({"do": "no answer"}, "KeyError"),
        ({"do": "chunks", "script": "!a"}, "ValueError"),
    ],
)
def test_an_error_before_the_first_byte_is_the_invocation_s(
    lambda_: Environment, event: dict[str, Any], kind: str
) -> None:
    """No response is begun, and the next invocation is served. No message is told or logged."""
    failed = lambda_.api.invoke({"httpMethod": "GET", **event}).failed()
    assert failed.headers[_ERROR_TYPE] == failed.error["errorType"] == kind
    assert set(failed.error) == {"errorType", "errorMessage", "stackTrace"}
    assert lambda_.api.call(do="about")["threads"] == ["MainThread"]
    said = lambda_.log.read_text()
    assert kind in said
    assert invoked.SECRET not in said + json.dumps(failed.error)


def test_an_error_after_the_first_byte_is_a_trailer(lambda_: Environment) -> None:
    """What was made is out; type and place follow, and the next invocation is served."""
    told = chunks(lambda_, "a!b")
    told.begun()
    assert told.prelude() == (200, {"a": "b"})
    assert told.piece() == b"a"
    trailers = told.ended()
    assert trailers[_ERROR_TYPE] == "ValueError"
    error = json.loads(base64.b64decode(trailers[_ERROR_BODY]))
    assert error["errorType"] == "ValueError"
    assert "invoked.py" in error["stackTrace"][-1]
    assert lambda_.api.call(do="json") == {"é": 1}
    said = lambda_.log.read_text()
    assert "ValueError" in said
    assert invoked.SECRET not in said + json.dumps(error)


def test_a_client_that_leaves_ends_the_stream(lambda_: Environment) -> None:
    """Once nothing more is taken, no more is made: the chunks are closed, and the next invocation
    is served.
    """
    told = chunks(lambda_, "a*", cut_after=3)
    told.begun()
    about = lambda_.api.call(do="about")
    assert about["closed"] == ["a*"]
    assert about["threads"] == ["MainThread"]


def test_a_client_that_leaves_before_the_end_is_told_ends_nothing(lambda_: Environment) -> None:
    """The Runtime API may hang up at any moment; the environment lives on."""
    told = chunks(lambda_, "a", cut_after=2)
    told.begun()
    assert lambda_.api.call(do="about")["closed"] == ["a"]


def test_no_thread_is_left_behind(lambda_: Environment) -> None:
    """After streams that ended well, failed or were left, only the main thread is there."""
    assert chunks(lambda_, "abc").whole()[2] == b"abc"
    chunks(lambda_, "a!").begun()
    chunks(lambda_, "a*", cut_after=2).begun()
    about = lambda_.api.call(do="about")
    assert about["threads"] == ["MainThread"]
    assert about["closed"] == ["abc", "a!", "a*"]


@pytest.mark.parametrize("event", [{"eventType": "done"}, [], None, "httpMethod", 7])
def test_what_is_no_request_is_answered_without_the_function(
    lambda_: Environment, event: object
) -> None:
    """API Gateway may tell that a stream has ended: a plain 200."""
    assert lambda_.api.invoke(event).whole() == (200, {}, b"")
    assert lambda_.api.call(do="about")["seen"] == [{"httpMethod": "GET", "do": "about"}]


def test_the_search_path_is_that_of_the_managed_runtime(
    lambda_: Environment, built: tuple[Path, Path]
) -> None:
    """The function's own code first, then the layers, then the runtime's; the rest is Python's, and
    the folder of the loop is not in it.
    """
    layers, task = built
    path = lambda_.api.call(do="about")["path"]
    first = [str(task), str(layers / PACKAGES), str(layers / "python"), "/var/runtime"]
    assert path[:4] == first
    assert not [folder for folder in path[4:] if folder.startswith(str(layers))]


def test_the_context_says_what_lambda_s_own_does(lambda_: Environment) -> None:
    """The names are the managed runtime's; the time left comes from the deadline."""
    about = lambda_.api.call(do="about")
    context = about["context"]
    assert context.pop("deadline") > 0
    assert context.pop("aws_request_id") in lambda_.api.told
    assert context == {
        "function_name": "tested",
        "function_version": "$LATEST",
        "invoked_function_arn": "arn:aws:lambda:eu-west-1:1:function:tested",
        "log_group_name": "",
        "log_stream_name": "",
        "memory_limit_in_mb": "256",
    }
    assert 0 < about["remaining"] <= TIMEOUT * 1000


def test_an_invocation_has_its_own_trace(lambda_: Environment) -> None:
    """In the variable where the X-Ray SDKs look; gone again for an invocation without."""
    event = {"httpMethod": "GET", "do": "about"}
    traced = lambda_.api.invoke(event, trace_id="Root=1-a").whole()[2]
    assert json.loads(traced)["trace"] == "Root=1-a"
    assert lambda_.api.call(do="about")["trace"] is None


@pytest.mark.parametrize(
    ("handler", "kind", "message"),
    [
        ("no_such_module.handler", "ModuleNotFoundError", "No module named 'no_such_module'"),
        ("invoked.nobody", "AttributeError", "module 'invoked' has no attribute 'nobody'"),
        ("functions.entry.handler", "ConfigError", "THREADKEEP_TABLE_PREFIX is not set"),
    ],
)
def test_an_init_error_is_reported(
    built: tuple[Path, Path], tmp_path: Path, handler: str, kind: str, message: str
) -> None:
    """With its message, to Lambda and in the log, and the process ends: nothing can be invoked."""
    variables = {"THREADKEEP_FUNCTION": "run_streams"}
    with environment(*built, handler, tmp_path / "log", variables) as lambda_:
        failed = lambda_.api.init_failed.get(timeout=PATIENCE)
        assert failed.headers[_ERROR_TYPE] == failed.error["errorType"] == kind
        assert message in failed.error["errorMessage"]
        assert lambda_.process.wait(PATIENCE) == 1
        assert message in lambda_.log.read_text()
