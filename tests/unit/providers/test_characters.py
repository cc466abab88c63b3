"""Text is judged as the text that its pieces make together."""

import json
from collections.abc import Iterable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model_turns import call_delta, delta
from threadkeep.providers.characters import Characters, whole
from threadkeep.providers.chat_completions import read_chunks
from threadkeep.providers.port import CallArguments, Text

_CUTS = st.lists(st.integers(0, 400), max_size=12)
_UNESCAPED = st.characters(exclude_categories=["Cc", "Cs"], exclude_characters='"\\')
_PIECE = st.text(st.characters() | st.characters(categories=["Cs"]), max_size=6)


def cut(units: bytes, size: int, places: Iterable[int]) -> list[bytes]:
    """The units, of `size` bytes each, in pieces."""
    bounds = [0, *sorted(size * (place % (len(units) // size + 1)) for place in places), len(units)]
    return [units[start:end] for start, end in pairwise(bounds)]


def halves(text: str, places: Iterable[int]) -> list[str]:
    """The text cut as JavaScript cuts it: also between the halves of a character."""
    units = text.encode("utf-16-le")
    return [piece.decode("utf-16-le", "surrogatepass") for piece in cut(units, 2, places)]


def joined(pieces: Sequence[str]) -> str:
    characters = Characters()
    return "".join(map(characters.take, pieces)) + characters.rest()


def said(events: Sequence[bytes]) -> str:
    """The text, or the arguments, that a server says in these events."""
    chunks = read_chunks([*(b"data: %s\n\n" % event for event in events), b"data: [DONE]\n\n"])
    return "".join(each.value for each in chunks if isinstance(each, Text | CallArguments))


@given(st.text(min_size=1), _CUTS)
def test_halves_of_characters_are_joined(text: str, places: list[int]) -> None:
    """Wherever the text is cut, and whether a half is escaped in JSON or sent as it is."""
    pieces = halves(text, places)
    assert joined(pieces) == text
    assert said([json.dumps(delta(content=piece)).encode() for piece in pieces]) == text
    calls = [call_delta(0, {"name": "f", "arguments": ""})]
    calls += [call_delta(0, {"arguments": piece}) for piece in pieces]
    assert said([json.dumps(call).encode() for call in calls]) == text


@given(st.text(_UNESCAPED, min_size=1), _CUTS)
def test_bytes_of_characters_are_joined(text: str, places: list[int]) -> None:
    """A gateway may cut between the bytes of a character, into two events."""
    frame = json.dumps(delta(content="@")).encode()
    assert said([frame.replace(b"@", piece) for piece in cut(text.encode(), 1, places)]) == text


@given(st.lists(_PIECE, max_size=6))
def test_whatever_comes_is_text_that_can_be_stored(pieces: list[str]) -> None:
    """How it is cut makes no difference, and what is whole in it stays."""
    text = joined(pieces)
    assert text == whole("".join(pieces))
    text.encode()
    assert [c for c in text if c != "\ufffd"] == [c for c in _pairs(pieces) if c != "\ufffd"]


def _pairs(pieces: Sequence[str]) -> str:
    """What is no surrogate, once pairs are joined."""
    units = "".join(pieces).encode("utf-16-le", "surrogatepass")
    return units.decode("utf-16-le", "ignore")


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (["cut \ud83d", " end"], "cut \ufffd end"),
        (["\ude00"], "\ufffd"),
        (["a\ud83d"], "a\ufffd"),
        (["\ud83d", "", "\ude00"], "😀"),
    ],
)
def test_what_stays_broken_is_replaced(pieces: list[str], text: str) -> None:
    """One character stands for what is left of one."""
    assert joined(pieces) == text
    assert said([json.dumps(delta(content=piece)).encode() for piece in pieces]) == text


def test_an_entry_that_calls_nothing_ends_no_text() -> None:
    """Some servers send an empty one beside each piece of their text."""
    empty = {"index": 0, "id": "", "function": {"name": "", "arguments": ""}}
    halves = ("so \ud83d", "\ude00")
    events = [delta(content=half, tool_calls=[empty]) for half in halves]
    assert said([json.dumps(event).encode() for event in events]) == "so \U0001f600"


def test_a_broken_end_of_the_text_comes_before_the_calls() -> None:
    """Nothing of the text is left to come after them."""
    events = [delta(content="so \ud83d"), call_delta(0, {"name": "f", "arguments": "{}"})]
    assert said([json.dumps(event).encode() for event in events]) == "so \ufffd{}"
