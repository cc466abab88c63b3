"""The scripted model server is trusted by many tests: here are its own promises."""

import pytest

from tests.model_server import ModelServer
from tests.model_turns import Call, Calls, Fault, Received, Say, Stall, Turn
from tests.unit.providers.turns import Reader, request, text
from threadkeep.providers.openai_chat import OpenAIChat
from threadkeep.providers.port import CallArguments, CallBegan, Failed, Text


def test_a_list_gives_every_request_its_turn_and_no_more() -> None:
    """What is not scripted fails loudly."""
    with ModelServer([Say("one"), Say("two")]) as server:
        provider = OpenAIChat(server.base_url)
        turns = [list(provider.start(request())) for _ in range(3)]
    assert [text(turn) for turn in turns] == ["one", "two", ""]
    assert isinstance(turns[2][-1], Failed)
    assert "no turn" in turns[2][-1].message


def test_calls_are_turns_like_any_other() -> None:
    """One call alone, and several after a word."""
    both = Calls([Call("f"), Call("g", "{}", id="call_2")], text="So.")
    with ModelServer([Call("f", '{"a": 1}', pieces=4), both]) as server:
        provider = OpenAIChat(server.base_url)
        first, second = (list(provider.start(request())) for _ in range(2))
    assert first[0] == CallBegan(0, "call_1", "f")
    pieces = [chunk.value for chunk in first if isinstance(chunk, CallArguments)]
    assert pieces == ['{"', 'a"', ": ", "1}"]
    assert text(second) == "So."
    assert [chunk for chunk in second if isinstance(chunk, CallBegan)] == [
        CallBegan(0, "call_1", "f"),
        CallBegan(1, "call_2", "g"),
    ]


def test_a_function_answers_what_it_is_asked() -> None:
    """It sees the request."""

    def script(received: Received) -> Turn:
        return Say(received.body["messages"][-1]["content"])

    with ModelServer(script) as server:
        assert text(list(OpenAIChat(server.base_url).start(request("Echo?")))) == "Echo?"


def test_a_wrong_script_fails_the_test() -> None:
    """Its exception comes out of the server's end."""

    def script(received: Received) -> Turn:
        return Fault(int(received.body["no such field"]))

    server = ModelServer(script)
    list(OpenAIChat(server.base_url).start(request()))
    with pytest.raises(KeyError):
        server.close()


def test_what_stalls_goes_on_when_released() -> None:
    """Before and after the release."""
    with ModelServer(Stall("So ", rest="it goes.")) as server:
        provider = OpenAIChat(server.base_url)
        reader = Reader(provider.start(request()))
        assert reader.next() == Text("So ")
        server.release()
        assert text(reader.rest()) == "it goes."
        assert text(list(provider.start(request()))) == "So it goes."


def test_closing_ends_what_stalls_at_once() -> None:
    """Readers see the connection drop, and nothing is left behind."""
    server = ModelServer(Stall("So "))
    provider = OpenAIChat(server.base_url)
    readers = [Reader(provider.start(request())) for _ in range(20)]
    server.wait_for_requests(20)
    server.close()
    server.close()
    for reader in readers:
        assert isinstance(reader.rest()[-1], Failed)
