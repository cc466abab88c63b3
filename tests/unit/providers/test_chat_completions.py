"""Fuzz: bytes from a model server, however wrong and however cut."""

import json
from collections.abc import Iterable
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.model_turns import call_delta, delta, usage_chunk
from threadkeep.providers.chat_completions import read_chunks
from threadkeep.providers.faults import Fault
from threadkeep.providers.port import CallArguments, CallBegan, Chunk, Failed, Finished, Text
from threadkeep.providers.sse import MAX_EVENT, EventDecoder

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
_FIELD = st.sampled_from(["choices", "delta", "content", "usage", "finish_reason", "error", "code"])
_NEAR = st.recursive(
    _JSON,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_FIELD, inner, max_size=4),
    max_leaves=8,
)
_GOOD = st.sampled_from(
    [
        delta(content="so "),
        delta(content="schön 🌍"),
        delta("stop"),
        delta("length", content=""),
        delta("tool_calls"),
        call_delta(0, {"name": "f", "arguments": "["}, id="call_a"),
        call_delta(1, {"name": "g", "arguments": "schön 🌍"}, id="call_b"),
        call_delta(0, {"arguments": "]"}),
        usage_chunk({"prompt_tokens": 1, "completion_tokens": 2}),
    ]
)
_EVENT = st.one_of(_GOOD, _GOOD, _NEAR).map(lambda data: b"data: " + json.dumps(data).encode())
_LINE = st.one_of(
    _EVENT,
    st.sampled_from(
        [b"data: [DONE]", b": ping", b"event: x", b"data", b"data:", b"", b"\xef\xbb\xbf"]
    ),
    st.binary(max_size=30),
)
_END = st.sampled_from([b"\n\n", b"\r\n\r\n", b"\r\r", b"\n", b"\r"])
_STREAM = st.lists(st.tuples(_LINE, _END), max_size=12).map(
    lambda lines: b"".join(line + end for line, end in lines)
)


def read(pieces: Iterable[bytes]) -> list[Chunk]:
    chunks: list[Chunk] = []
    try:
        chunks.extend(read_chunks(pieces))
    except Fault as fault:
        return [*chunks, Failed(fault.code, fault.summary)]
    return chunks


def cut(stream: bytes, places: Iterable[int]) -> list[bytes]:
    bounds = [0, *sorted(place % (len(stream) + 1) for place in places), len(stream)]
    return [stream[start:end] for start, end in pairwise(bounds)]


def as_one_text(chunks: list[Chunk]) -> tuple[str, list[Chunk]]:
    said = "".join(chunk.value for chunk in chunks if isinstance(chunk, Text))
    return said, [chunk for chunk in chunks if not isinstance(chunk, Text)]


@given(_STREAM | st.binary(), st.lists(st.integers(0, 10_000), max_size=8))
def test_any_bytes_in_any_pieces_end_in_exactly_one_ending(
    stream: bytes, places: list[int]
) -> None:
    """Texts and calls, then one `Finished` or `Failed`; no exception; the cuts change nothing."""
    chunks = read([stream])
    assert all(isinstance(chunk, Text | CallBegan | CallArguments) for chunk in chunks[:-1])
    assert isinstance(chunks[-1], Finished | Failed)
    assert read(cut(stream, places)) == chunks
    "".join(chunk.value for chunk in chunks if isinstance(chunk, Text)).encode()


@given(st.lists(_GOOD, min_size=1), st.sampled_from([b"\n", b"\r\n", b"\r"]))
def test_byte_by_byte_is_as_good_as_at_once(events: list[object], end: bytes) -> None:
    """Also a line end, a character or a byte order mark may be cut in two."""
    stream = b"\xef\xbb\xbf"
    for event in events:
        line = json.dumps(event, ensure_ascii=False).encode()
        stream += b": ping" + end + b"data: " + line + end + end
    stream += b"data:[DONE]" + end + end
    single = [stream[place : place + 1] for place in range(len(stream))]
    said, endings = as_one_text(read(single))
    assert (said, endings) == as_one_text(read([stream]))
    expected = "".join(
        choice["delta"].get("content") or ""
        for event in events
        if isinstance(event, dict)
        for choice in event["choices"]
    )
    assert said == expected


def test_the_lines_of_an_event_are_joined() -> None:
    """An event may have several lines of data; fields that mean nothing here are passed over."""
    lines = b'id: 1\ndata: {"choices":\ndata: []}\nretry: 5\n\ndata: x\n\n'
    assert list(EventDecoder().feed(lines)) == ['{"choices":\n[]}', "x"]


def test_a_line_end_cut_in_two_is_one_line_end() -> None:
    """Else the event would end between its lines."""
    decoder = EventDecoder()
    stream = b"data: a\r\ndata: b\r\n\r\n"
    single = [stream[place : place + 1] for place in range(len(stream))]
    assert [data for piece in single for data in decoder.feed(piece)] == ["a\nb"]


def test_an_event_that_is_not_ended_is_no_event() -> None:
    """The end of the stream ends no event: it was cut off."""
    assert list(EventDecoder().feed(b"data: [DONE]\n")) == []


def test_no_event_grows_without_bound() -> None:
    """Neither by one line nor by many, with or without data."""
    for piece in (b"data: %s\n" % (b"x" * 50_000), b"data\n" * 50_000, b"x" * 50_000):
        pieces = [piece] * (MAX_EVENT // 50_000 + 1)
        [failed] = read(pieces)
        assert isinstance(failed, Failed)
        assert failed.message == f"The model server sent an event of more than {MAX_EVENT} bytes"


def test_pings_for_ever_cost_nothing() -> None:
    """Comments are dropped as they come, however many."""
    decoder = EventDecoder()
    pings = b": ping\n" * 10_000
    for _ in range(10):
        assert list(decoder.feed(pings)) == []
    assert list(decoder.feed(b"data: x\n\n")) == ["x"]
