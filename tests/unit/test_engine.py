"""What a model's chunks mean for the run."""

from threadkeep.domain.run_state import COMPLETE, FAIL
from threadkeep.execution import engine
from threadkeep.providers.port import CallBegan, Chunk, Failed, Finished, Text


def events(*chunks: Chunk) -> list[engine.TurnEvent]:
    return list(engine.run(chunks, parallel=True))


def test_nothing_comes_after_the_end() -> None:
    """Whatever a model still says then is not looked at."""
    told = events(Text("Hi"), Finished("stop"), Text("and"), Failed("server_error", "late"))
    *_, ended = told
    assert [type(event) for event in told] == [engine.TextBegan, engine.Said, engine.Ended]
    assert ended == engine.Ended(COMPLETE, text="Hi")


def test_a_turn_that_stops_without_an_end_has_broken_off() -> None:
    """It fails with what it had said."""
    *_, ended = events(Text("So far"))
    assert isinstance(ended, engine.Ended)
    assert (ended.transition, ended.text) == (FAIL, "So far")


def test_a_name_may_be_as_long_as_the_longest() -> None:
    """256 characters are shown to the app; one more, and the run fails."""
    longest = "n" * 256
    assert CallBegan(0, "call_1", longest) in events(CallBegan(0, "call_1", longest))
    *_, ended = events(CallBegan(0, "call_1", f"{longest}n"))
    assert isinstance(ended, engine.Ended)
    assert (ended.transition, ended.calls) == (FAIL, ())
