"""Function calls out of the deltas of all kinds of servers."""

import json
import re
from collections.abc import Iterable, Sequence
from itertools import chain, pairwise, zip_longest
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model_turns import call_delta, delta
from threadkeep.domain.tool_calls import MAX_CALL_ID
from threadkeep.providers.call_order import CallOrder
from threadkeep.providers.chat_completions import read_chunks
from threadkeep.providers.faults import Fault
from threadkeep.providers.port import (
    MOST_CALLS,
    MOST_SAID,
    CallArguments,
    CallBegan,
    Chunk,
    Finished,
    Text,
)
from threadkeep.providers.tool_call_deltas import ToolCallDeltas

OUR_ID = re.compile(r"call_[0-9A-Za-z]{24}")


def read(*events: object, reason: str | None = "tool_calls") -> list[Chunk]:
    """What a turn of these events brings, ended by the reason and `[DONE]`."""
    ended = [*events, delta(reason)]
    lines = [f"data: {json.dumps(event)}\n\n".encode() for event in ended]
    return list(read_chunks([*lines, b"data: [DONE]\n\n"]))


def calls(chunks: Iterable[Chunk]) -> list[tuple[str, str]]:
    """(name, arguments) of every call; calls begin in the order of their numbers."""
    found: list[list[str]] = []
    for chunk in chunks:
        if isinstance(chunk, CallBegan):
            assert chunk.index == len(found)
            found.append([chunk.name, ""])
        if isinstance(chunk, CallArguments):
            assert chunk.value
            found[chunk.index][1] += chunk.value
    return [(name, arguments) for name, arguments in found]


def ids(chunks: Iterable[Chunk]) -> list[str]:
    return [chunk.id for chunk in chunks if isinstance(chunk, CallBegan)]


def entry(name: str | None = None, arguments: Any = None, **fields: Any) -> dict[str, Any]:
    """An entry of `tool_calls` with what is given, and nothing else."""
    function = {"name": name, "arguments": arguments}
    return {**fields, "function": {key: value for key, value in function.items() if value}}


def test_a_call_begins_and_its_arguments_follow_in_the_servers_pieces() -> None:
    """As OpenAI sends it; `tool_calls` is an ordinary end."""
    chunks = read(
        call_delta(0, {"name": "f", "arguments": ""}, id="call_a", type="function"),
        call_delta(0, {"arguments": '{"a"'}),
        call_delta(0, {"arguments": ": 1}"}),
    )
    assert chunks == [
        CallBegan(0, "call_a", "f"),
        CallArguments(0, '{"a"'),
        CallArguments(0, ": 1}"),
        Finished("stop"),
    ]


@pytest.mark.parametrize("reason", ["tool_calls", "function_call", "stop", None, "eos_token"])
def test_whatever_the_reason_says_a_turn_with_a_call_has_ended(reason: str | None) -> None:
    """Also with no reason, or one that nobody knows."""
    assert read(call_delta(0, {"name": "f"}), reason=reason)[-1] == Finished("stop")


@pytest.mark.parametrize("reason", ["length", "content_filter"])
def test_a_turn_that_was_cut_says_so(reason: str) -> None:
    """Also in the middle of a call's arguments, and before its name."""
    assert read(call_delta(0, {"name": "f", "arguments": "{"}), reason=reason)[-1] == (
        Finished("length" if reason == "length" else "content_filter")
    )
    assert len(read(call_delta(0, {"arguments": "{"}), reason=reason)) == 1


def test_a_reason_for_calls_without_a_call_is_no_answer() -> None:
    """Neither text nor a call: nothing that an app could go on with."""
    with pytest.raises(Fault, match="without a word or a reason"):
        read(delta(content=""))


def test_text_may_come_before_calls() -> None:
    """In one delta or in several."""
    chunks = read(delta(content="Let me see."), delta(content="!", tool_calls=[entry("f")]))
    assert chunks[:2] == [Text("Let me see."), Text("!")]
    assert calls(chunks) == [("f", "")]


@pytest.mark.parametrize("index", [{}, {"index": None}, {"index": "0"}, {"index": 7}])
def test_a_whole_call_in_one_delta(index: dict[str, Any]) -> None:
    """With any index, or none; numbers begin at 0 whatever the server's do."""
    chunks = read(delta(tool_calls=[entry("f", '{"a": 1}', id="call_a", **index)]))
    assert chunks[:2] == [CallBegan(0, "call_a", "f"), CallArguments(0, '{"a": 1}')]


def test_calls_in_turns_are_told_apart_by_their_index() -> None:
    """Pieces of several calls may alternate, in one delta too; numbers follow the beginnings."""
    chunks = read(
        call_delta(4, {"name": "f"}, id="call_a"),
        delta(tool_calls=[entry("g", "{", index=2, id="call_b"), entry(arguments="[", index=4)]),
        delta(tool_calls=[entry(arguments="]", index=4), entry(arguments="}", index=2)]),
    )
    assert calls(chunks) == [("f", "[]"), ("g", "{}")]
    assert ids(chunks) == ["call_a", "call_b"]


def test_without_an_index_calls_go_by_their_order() -> None:
    """Each name begins one; what has no name goes on with the last, or with the one of its id."""
    chunks = read(
        delta(tool_calls=[entry("f", "{"), entry("f", "{}")]),
        delta(tool_calls=[entry("g", id="call_c")]),
        delta(tool_calls=[entry(arguments="[")]),
        delta(tool_calls=[entry("h", "1", id="call_d"), entry(arguments="]", id="call_c")]),
    )
    assert calls(chunks) == [("f", "{"), ("f", "{}"), ("g", "[]"), ("h", "1")]


@pytest.mark.parametrize("index", [{}, {"index": 0}])
def test_whole_calls_that_a_server_does_not_number_are_told_apart(index: dict[str, int]) -> None:
    """The same index for all and own ids, other names, or nothing but whole arguments."""
    chunks = read(
        delta(tool_calls=[entry("f", '{"a": 1}', id="call_a", **index)]),
        delta(tool_calls=[entry("f", '{"a": 2}', id="call_b", **index)]),
        delta(tool_calls=[entry("g", id="call_b", **index)]),
        delta(tool_calls=[entry("h", "{}", **index), entry("h", "{}", **index)]),
    )
    names = [name for name, _ in calls(chunks)]
    assert names == ["f", "f", "g", "h", "h"]
    assert [text for _, text in calls(chunks)] == ['{"a": 1}', '{"a": 2}', "", "{}", "{}"]
    assert len(set(ids(chunks))) == 5


def test_calls_of_one_function_under_one_index_are_told_apart_by_their_ids() -> None:
    """Also where the arguments follow in deltas of their own."""
    chunks = read(
        call_delta(0, {"name": "f", "arguments": ""}, id="call_a"),
        call_delta(0, {"arguments": '{"a": 1}'}),
        call_delta(0, {"name": "f", "arguments": ""}, id="call_b"),
        call_delta(0, {"arguments": '{"a": 2}'}),
    )
    assert calls(chunks) == [("f", '{"a": 1}'), ("f", '{"a": 2}')]
    assert ids(chunks) == ["call_a", "call_b"]


def test_a_call_that_is_named_again_in_every_delta_is_one_call() -> None:
    """With the same id, without one, or with one that is empty."""
    for id_ in ({"id": "call_a"}, {"id": ""}, {}):
        pieces = ['{"a":', ' {"b": {}', "}", "}", "\n", ""]
        chunks = read(*(delta(tool_calls=[entry("f", p, index=0, **id_)]) for p in pieces))
        assert calls(chunks) == [("f", '{"a": {"b": {}}}\n')]


def test_a_new_id_in_every_delta_makes_no_new_call() -> None:
    """Only a name does."""
    chunks = read(
        call_delta(0, {"name": "f", "arguments": "{"}, id="call_a"),
        call_delta(0, {"name": None, "arguments": "}"}, id="call_b"),
        call_delta(0, {"name": "", "arguments": " "}, id="call_c"),
    )
    assert calls(chunks) == [("f", "{} ")]
    assert ids(chunks) == ["call_a"]


@pytest.mark.parametrize("index", [{}, {"index": 0}])
def test_a_call_begins_with_its_name(index: dict[str, Any]) -> None:
    """What comes before waits, the id too."""
    chunks = read(
        delta(tool_calls=[entry(id="call_a", **index)]),
        delta(tool_calls=[entry(arguments="{", **index)]),
        delta(tool_calls=[entry("f", "}", **index)]),
    )
    assert chunks[:3] == [CallBegan(0, "call_a", "f"), CallArguments(0, "{"), CallArguments(0, "}")]


def test_calls_are_numbered_as_they_begin() -> None:
    """Not as they are first heard of."""
    chunks = read(
        call_delta(0, {"arguments": "{}"}, id="call_a"),
        call_delta(1, {"name": "g", "arguments": "[]"}, id="call_b"),
        call_delta(0, {"name": "f"}),
    )
    assert calls(chunks) == [("g", "[]"), ("f", "{}")]
    assert ids(chunks) == ["call_b", "call_a"]


def test_a_call_whose_name_never_comes_is_a_fault() -> None:
    """Nobody can answer it."""
    for nameless in (entry(arguments="{}", index=0), entry(id="call_a", index=0)):
        with pytest.raises(Fault, match="without saying which"):
            read(delta(tool_calls=[nameless]))


def test_an_empty_delta_calls_nothing() -> None:
    """Some servers send them beside their text."""
    empty = {"index": 0, "id": "", "function": {"name": "", "arguments": ""}}
    for entries in ([empty], [], None):
        event = delta(content="so", tool_calls=entries)
        assert read(event, reason="stop") == [Text("so"), Finished("stop")]


@pytest.mark.parametrize("id_", [{}, {"id": None}, {"id": ""}, {"id": 7}, {"id": "call_a"}])
def test_every_call_of_a_turn_has_an_id_of_its_own(id_: dict[str, Any]) -> None:
    """One that the server did not give, or gave before, is made in the form of the API's."""
    chunks = read(*(delta(tool_calls=[entry("f", "{}", index=n, **id_)]) for n in range(3)))
    first, *others = ids(chunks)
    assert first == id_.get("id") or OUR_ID.fullmatch(first)
    assert all(OUR_ID.fullmatch(other) for other in others)
    assert len({first, *others}) == 3


@pytest.mark.parametrize("nothing", [{}, {"arguments": ""}, {"arguments": None}])
def test_a_call_may_have_no_arguments(nothing: dict[str, Any]) -> None:
    """Then the app gets an empty text, as the model wrote it."""
    assert calls(read(call_delta(0, {"name": "f", **nothing}))) == [("f", "")]


@pytest.mark.parametrize("text", ["{'a': 1}", "null", '"x"', "{}{}", "{", "Zürich 🌍", "\u0000"])
def test_arguments_that_are_no_json_object_are_passed_on_unchanged(text: str) -> None:
    """The app knows what to make of them."""
    assert calls(read(call_delta(0, {"name": "f", "arguments": text}))) == [("f", text)]


@pytest.mark.parametrize(
    ("arguments", "text"), [({}, "{}"), ({"city": "Zürich", "n": 1}, '{"city": "Zürich", "n": 1}')]
)
def test_arguments_that_a_server_has_parsed_are_json_again(
    arguments: dict[str, Any], text: str
) -> None:
    """The app always gets text."""
    assert calls(read(call_delta(0, {"name": "f", "arguments": arguments}))) == [("f", text)]


def test_the_old_form_of_one_call_is_understood() -> None:
    """`function_call`, beside or before `tool_calls` of its own."""
    chunks = read(
        delta(function_call={"name": "f", "arguments": ""}),
        delta(function_call={"arguments": "{"}),
        delta(function_call={"arguments": "}"}),
        reason="function_call",
    )
    assert calls(chunks) == [("f", "{}")]
    assert OUR_ID.fullmatch(ids(chunks)[0])
    both = delta(function_call={"name": "f"}, tool_calls=[entry("f", index=0, id="call_a")])
    assert ids(read(both)) == ["call_a"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"tool_calls": "x"},
        {"tool_calls": {"index": 0}},
        {"tool_calls": ["x"]},
        {"tool_calls": [None]},
        {"tool_calls": [{"index": 0, "function": "f"}]},
        {"tool_calls": [{"index": 0, "function": {"name": ["f"]}}]},
        {"tool_calls": [{"index": 0, "function": {"name": "f", "arguments": 7}}]},
        {"tool_calls": [{"index": 0, "function": {"name": "f", "arguments": ["a"]}}]},
        {"function_call": "f"},
    ],
)
def test_what_is_no_delta_of_a_call_is_a_fault(wrong: dict[str, Any]) -> None:
    """Never another exception."""
    with pytest.raises(Fault, match="something other than chunks"):
        read(delta(**wrong))


def test_what_is_broken_in_a_call_is_replaced() -> None:
    """In its name, its id and its arguments: it could not be stored."""
    wrong = entry("f\ud83d", '{"a": "\ud83d', index=0, id="call_\ud83d")
    began, *arguments, _ = read(delta(tool_calls=[wrong]))
    assert began == CallBegan(0, "call_\ufffd", "f\ufffd")
    assert arguments == [CallArguments(0, '{"a": "'), CallArguments(0, "\ufffd")]
    assert read(delta(tool_calls=[entry("f", {"a": "\ud83d"}, index=0)]))[1] == CallArguments(
        0, '{"a": "\ufffd"}'
    )


@pytest.mark.parametrize(
    "entries",
    [
        [entry(arguments="[", index=n) for n in range(MOST_CALLS + 1)],
        [entry("f", index=n) for n in range(MOST_CALLS + 1)],
        [entry(arguments="x" * 10_000, index=0)] * (MOST_SAID // 10_000 + 1),
        [entry("f", "{", index=0), *[entry("g", "x" * 10_000, index=1)] * (MOST_SAID // 10_000)],
        [entry("f" * 10_000, index=0)] * (MOST_SAID // 10_000 + 1),
    ],
    ids=["nameless", "named", "arguments before a name", "behind another call", "names"],
)
def test_no_more_is_held_back_than_a_turn_may_say(entries: list[dict[str, Any]]) -> None:
    """Whatever a call waits for; up to there nothing is wrong."""
    deltas = ToolCallDeltas()
    for one in entries[:-1]:
        list(deltas.read(one))
    with pytest.raises(Fault, match="more calls than a turn may make"):
        list(deltas.read(entries[-1]))


def test_an_id_that_is_too_long_is_ours() -> None:
    """It could not be told in one event; a shorter one stays the server's, whatever it holds."""
    long, too_long = "x" * MAX_CALL_ID, "x" * (MAX_CALL_ID + 1)
    events = (call_delta(n, {"name": "f"}, id=id_) for n, id_ in enumerate((long, too_long)))
    first, second = ids(read(*events))
    assert first == long
    assert OUR_ID.fullmatch(second)


_NAME = st.sampled_from(["f", "g", "get_weather"])
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
_OBJECT = st.dictionaries(st.text(), _JSON, max_size=3).map(json.dumps)
_CUTS = st.lists(st.integers(0, 200), max_size=5)
_CALLS = st.lists(st.tuples(_NAME, _OBJECT | st.text(), _CUTS), min_size=1, max_size=4)


def is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def pieces(text: str, cuts: Sequence[int]) -> list[str]:
    bounds = [0, *sorted(cut % (len(text) + 1) for cut in cuts), len(text)]
    return [text[start:end] for start, end in pairwise(bounds)]


@given(_CALLS, st.booleans(), st.booleans(), st.booleans())
def test_any_split_of_any_calls_gives_the_same_calls(
    wanted: list[tuple[str, str, list[int]]], interleaved: bool, apart: bool, grouped: bool
) -> None:
    """Wherever arguments are cut, one call after another or in turns, name apart or with them."""
    streams = []
    for index, (name, arguments, cuts) in enumerate(wanted):
        named, *rest = pieces(arguments, cuts)
        first = [entry(name, index=index, id=f"call_{index}")] if apart else []
        begin = entry(None if apart else name, named, index=index)
        streams.append([*first, begin, *(entry(None, piece, index=index) for piece in rest)])
    if interleaved:
        rows = [[e for e in row if e is not None] for row in zip_longest(*streams)]
    else:
        rows = streams
    events = rows if grouped else [[one] for one in chain.from_iterable(rows)]
    chunks = read(*(delta(tool_calls=event) for event in events))
    assert calls(chunks) == [(name, arguments) for name, arguments, _ in wanted]
    order = [chunk.index for chunk in chunks if isinstance(chunk, CallBegan | CallArguments)]
    mixed = order != sorted(order)
    assert not mixed or not all(is_object(arguments) for _, arguments, _ in wanted)


def test_a_call_is_told_as_it_comes_once_the_one_before_is_whole() -> None:
    """What is mixed is held back no longer than it must."""
    order = CallOrder()
    first, second = CallBegan(0, "a", "f"), CallBegan(1, "b", "g")
    told = [
        list(order.take(piece))
        for piece in (
            first,
            CallArguments(0, '{"x": {}'),
            second,
            CallArguments(1, "{"),
            CallArguments(0, "}"),
            CallArguments(1, "}"),
        )
    ]
    assert told == [
        [first],
        [CallArguments(0, '{"x": {}')],
        [],
        [],
        [CallArguments(0, "}"), second, CallArguments(1, "{")],
        [CallArguments(1, "}")],
    ]


@pytest.mark.parametrize("end", ["data: {broken\n\n", "", 'data: {"error": {"message": "no"}}\n\n'])
def test_what_was_held_back_of_a_turn_that_breaks_is_told(end: str) -> None:
    """Before the fault: the run keeps all that the model had called."""
    mixed = [call_delta(0, {"name": "f"}, id="call_a"), call_delta(1, {"name": "g"}, id="call_b")]
    told = read_chunks([*(f"data: {json.dumps(one)}\n\n".encode() for one in mixed), end.encode()])
    assert [next(told), next(told)] == [CallBegan(0, "call_a", "f"), CallBegan(1, "call_b", "g")]
    with pytest.raises(Fault):
        next(told)


@given(
    st.lists(st.tuples(_NAME, _OBJECT, _CUTS), min_size=1, max_size=4),
    st.sampled_from([{}, {"index": 0}]),
    st.booleans(),
)
def test_objects_are_told_apart_without_numbers_and_with_the_name_in_every_delta(
    wanted: list[tuple[str, str, list[int]]], index: dict[str, int], with_ids: bool
) -> None:
    """One index for all calls with the name repeated, or no index at all."""
    events = []
    for number, (name, arguments, cuts) in enumerate(wanted):
        id_ = {"id": f"call_{number}"} if with_ids else {}
        for place, piece in enumerate(part for part in pieces(arguments, cuts) if part):
            again = name if index or with_ids or not place else None
            events.append(delta(tool_calls=[entry(again, piece, **index, **id_)]))
    assert calls(read(*events)) == [(name, arguments) for name, arguments, _ in wanted]


_ODD = st.fixed_dictionaries(
    {},
    optional={
        "index": _JSON | st.integers(0, 2),
        "id": _JSON | st.sampled_from(["", "call_a", "call_b"]),
        "function": _JSON
        | st.fixed_dictionaries(
            {},
            optional={"name": _JSON | _NAME, "arguments": _JSON | st.sampled_from(["{", "}"])},
        ),
    },
)


@given(st.lists(st.lists(_ODD | _JSON, max_size=3) | _JSON, max_size=5))
def test_any_deltas_are_calls_or_a_fault(entries: list[Any]) -> None:
    """Numbers are contiguous, ids are unique, nothing else is ever raised."""
    try:
        chunks = read(*(delta(tool_calls=one) for one in entries))
    except Fault:
        return
    calls(chunks)
    assert all(ids(chunks))
    assert len(set(ids(chunks))) == len(ids(chunks))
