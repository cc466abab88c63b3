"""What becomes of a run when its provider misbehaves: every row of the table, over real HTTP."""

import logging

import pytest

from tests.chaos.chain import Chain
from tests.chaos.test_tool_runs import cancel
from tests.model_turns import (
    Call,
    Calls,
    Drop,
    Events,
    Fault,
    Raw,
    Say,
    Turn,
    call_delta,
    delta,
)
from threadkeep.domain.context import tokens
from threadkeep.execution.turn import _back_off

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
_FIRST = b'data: {"choices": [{"delta": {"content": "So far"}}]}\n\n'
TOO_LONG = {"error": {"message": "maximum context length", "code": "context_length_exceeded"}}


@pytest.mark.promise("10.8")
@pytest.mark.parametrize(
    ("turn", "code", "text"),
    [
        (Fault(429, "slow down"), "rate_limit_exceeded", "429: slow down"),
        (Fault(500, {"error": {"message": "oh no"}}), "server_error", "500: oh no"),
        (Fault(503), "server_error", "503"),
        (Drop(None), "server_error", "broke off the connection"),
    ],
)
def test_trouble_that_may_pass(chain: Chain, turn: Turn, code: str, text: str) -> None:
    """Before the first token it is tried five times; then the run fails, and says why."""
    run = chain.run(turn)
    assert (run["status"], run["last_error"]["code"]) == ("failed", code)
    assert text in run["last_error"]["message"]
    assert len(chain.server.requests) == 5
    assert len(chain.system.messages(run)) == 1


def test_trouble_that_passes(chain: Chain) -> None:
    """Nobody learns of it."""
    run = chain.run(Fault(429), Fault(503), Drop(None), Drop(None), Say("Hello"))
    assert run["status"] == "completed"
    assert chain.answer(run) == ("completed", None, "Hello")
    assert len(chain.server.requests) == 5


@pytest.mark.promise("10.8")
def test_what_the_provider_wishes_is_waited_for(chain: Chain) -> None:
    """Retry-After is honoured: not asked again before, and not given up before."""
    began = chain.system.clock.now()
    run = chain.run(Fault(429, headers={"Retry-After": "40"}), Say("Hello"))
    assert run["status"] == "completed"
    assert 40 <= chain.system.clock.now() - began < 60


def test_cancelled_while_the_provider_is_waited_for(chain: Chain) -> None:
    """Nobody waits for the end of the pause."""
    chain.answers(Fault(429, headers={"Retry-After": "50"}))
    run, system = chain.system.new_run("Hi"), chain.system
    chain.server.wait_for_requests(1)
    began = system.clock.now()
    cancel(system, run)
    system.until(lambda: system.stored(run) == "cancelled", moving=0.25)
    assert system.clock.now() - began < 50
    assert len(chain.server.requests) == 1


def test_pauses_grow_and_differ() -> None:
    """Those who failed together do not come again together."""
    for number, longest in ((1, 1.0), (2, 2.0), (4, 8.0)):
        pauses = [_back_off(number) for _ in range(200)]
        assert 0 <= min(pauses) < longest / 4
        assert longest * 3 / 4 < max(pauses) <= longest


@pytest.mark.promise("10.8")
@pytest.mark.parametrize(("seconds", "requests"), [(25, 3), (61, 1)])
def test_after_a_minute_it_is_given_up(chain: Chain, seconds: int, requests: int) -> None:
    """What can't be tried again within 60 seconds of the first try is not waited for."""
    began = chain.system.clock.now()
    run = chain.run(Fault(429, headers={"Retry-After": str(seconds)}))
    assert run["last_error"]["code"] == "rate_limit_exceeded"
    assert len(chain.server.requests) == requests
    assert chain.system.clock.now() - began <= 60


@pytest.mark.parametrize(
    ("turn", "code"),
    [
        (Fault(400, {"error": {"message": "no such thing"}}), "server_error"),
        (Fault(400, TOO_LONG), "invalid_prompt"),
        (Fault(401), "server_error"),
        (Fault(403), "server_error"),
        (Fault(404), "server_error"),
    ],
)
def test_trouble_that_lasts(chain: Chain, turn: Fault, code: str) -> None:
    """The run fails at once, and says the status."""
    run = chain.run(turn)
    assert (run["status"], run["last_error"]["code"]) == ("failed", code)
    assert str(turn.status) in run["last_error"]["message"]
    assert len(chain.server.requests) == 1


@pytest.mark.promise("10.7")
@pytest.mark.parametrize(
    ("turn", "said"),
    [
        (Drop(2), "piece 0 piece 1 "),
        (Raw(_HEAD + _FIRST + b"data: {broken\n\n"), "So far"),
        (Raw(_HEAD + _FIRST + b'data: {"choices": "\xff"}\n\n'), "So far"),
        (Events([delta(content="So far"), {"error": {"message": "overloaded"}}]), "So far"),
    ],
)
def test_trouble_after_the_first_token(chain: Chain, turn: Turn, said: str) -> None:
    """It is not asked again: it would say something else. What was said is kept."""
    run = chain.run(turn)
    assert (run["status"], run["last_error"]["code"]) == ("failed", "server_error")
    assert chain.answer(run) == ("incomplete", "run_failed", said)
    (step,) = chain.system.steps(run)
    assert (step["status"], step["last_error"]) == ("failed", run["last_error"])
    assert len(chain.server.requests) == 1


@pytest.mark.parametrize("finish_reason", [None, "because"])
def test_an_end_without_a_known_reason(chain: Chain, finish_reason: str | None) -> None:
    """What was said or called stands; if there is nothing, the run fails."""
    run = chain.run(Say("Hello", finish_reason=finish_reason))
    assert chain.answer(run) == ("completed", None, "Hello")
    called = call_delta(0, {"name": "get_weather", "arguments": "{}"}, id="call_1")
    ends = [delta(finish_reason), "[DONE]"]
    assert chain.run(Events([called, *ends]))["status"] == "requires_action"
    run = chain.run(Events(ends))
    assert (run["status"], run["last_error"]["code"]) == ("failed", "server_error")


def test_an_empty_answer(chain: Chain) -> None:
    """It is one empty text part."""
    assert chain.answer(chain.run(Say(""))) == ("completed", None, "")


@pytest.mark.promise("12.6")
def test_a_function_that_the_run_does_not_have(chain: Chain) -> None:
    """It waits for the app's answer."""
    run = chain.run(Call("get_rich"))
    (call,) = run["required_action"]["submit_tool_outputs"]["tool_calls"]
    assert call["function"] == {"name": "get_rich", "arguments": "{}"}


@pytest.mark.parametrize("arguments", ["no JSON at all", '{"city": ', "", '{"a": 1}  '])
def test_arguments_that_are_no_json(chain: Chain, arguments: str) -> None:
    """They are the app's business: it gets them as they are."""
    run = chain.run(Calls([Call("get_weather", arguments)]))
    (call,) = run["required_action"]["submit_tool_outputs"]["tool_calls"]
    assert call["function"] == {"name": "get_weather", "arguments": arguments}


def test_no_usage(chain: Chain, caplog: pytest.LogCaptureFixture) -> None:
    """It is estimated, and the log says so, with the run and without a word of the answer."""
    caplog.set_level(logging.INFO, "threadkeep")
    run = chain.run(Say("A marvellous answer", usage=None))
    assert run["usage"]["completion_tokens"] == tokens("A marvellous answer")
    assert run["usage"]["prompt_tokens"] > tokens("Hi")
    (marked,) = [record for record in caplog.records if "estimated" in record.message]
    assert vars(marked)["run_id"] == run["id"]
    assert "marvellous" not in caplog.text
    caplog.clear()
    chain.run(Say("Hello"))
    assert "estimated" not in caplog.text
