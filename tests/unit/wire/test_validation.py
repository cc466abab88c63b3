"""Whatever is sent as a body is either taken or refused in the contract's words."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from tests.unit.wire.sent import ASSISTANT, MESSAGE, RUN, part, refusal, unhurried
from threadkeep.domain.errors import InvalidRequest
from threadkeep.wire.bodies.assistants import CreateAssistant, ModifyAssistant
from threadkeep.wire.bodies.messages import CreateMessage, ModifyMessage
from threadkeep.wire.bodies.runs import CreateRun, CreateThreadAndRun, ModifyRun
from threadkeep.wire.bodies.threads import CreateThread, ModifyThread
from threadkeep.wire.errors import BodyTooLarge
from threadkeep.wire.validation import MAX_BODY_BYTES, parse

BODIES: tuple[type[BaseModel], ...] = (
    CreateAssistant,
    ModifyAssistant,
    CreateThread,
    ModifyThread,
    CreateMessage,
    ModifyMessage,
    CreateRun,
    CreateThreadAndRun,
    ModifyRun,
)


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"hello",
        b'{"model": "m"} x',
        b"\xff\xfe",
        b'{"model": "\xff"}',
        b'{"model": "\\ud800"}',
        '{"model": "\ud800"}',
        b'{"metadata": ' + b"[" * 1000 + b"]" * 1000 + b"}",
        b'{"temperature": ' + b"1" * 5000 + b"}",
    ],
)
def test_what_is_not_json(raw: bytes | str) -> None:
    """What can't be read is refused as such: syntax, encoding, lone surrogates, depth, numbers."""
    refused = refusal(CreateAssistant, raw)
    assert refused.message.startswith("We could not parse the JSON body of your request.")
    assert (refused.param, refused.code) == (None, None)


@pytest.mark.parametrize("raw", [None, b"", "", b"{}"])
def test_no_body(raw: bytes | str | None) -> None:
    """No body at all is the empty object: enough for a thread, not for a run."""
    assert parse(CreateThread, raw) == CreateThread()
    with pytest.raises(InvalidRequest, match="'assistant_id'"):
        parse(CreateRun, raw)


def test_a_body_over_the_limit() -> None:
    """A body of one byte too many is refused before it is read; one of the limit's size is read."""
    with pytest.raises(BodyTooLarge):
        parse(CreateThread, b" " * (MAX_BODY_BYTES + 1))
    assert parse(CreateThread, b"{}".ljust(MAX_BODY_BYTES)) == CreateThread()
    with pytest.raises(BodyTooLarge):
        parse(CreateThread, "é" * (MAX_BODY_BYTES // 2 + 1))


def test_an_array_full_of_errors() -> None:
    """Of a million wrong items only the first is looked at."""
    refused = refusal(CreateMessage, MESSAGE | {"content": [1] * 1_000_000})
    assert refused.param == "content[0]"


def test_an_object_full_of_errors() -> None:
    """Thousands of unknown names are counted, not listed."""
    refused = refusal(CreateThread, dict.fromkeys(map(str, range(10_000))))
    assert (refused.message, refused.param) == ("The request body has 10000 errors.", None)


def test_the_last_of_two_equal_keys_counts() -> None:
    """Of duplicate keys the last wins."""
    assert parse(CreateAssistant, b'{"model": "a", "model": "b"}').model == "b"


@pytest.mark.promise("1.14")
def test_nulls_are_absences() -> None:
    """An explicit null for an optional field is as good as leaving it out."""
    for model in BODIES:
        optional = [name for name, field in model.model_fields.items() if not field.is_required()]
        required = {"model": "m", **MESSAGE, **RUN}
        body = {name: required[name] for name in model.model_fields if name not in optional}
        parsed = parse(model, json.dumps(body | dict.fromkeys(optional)))
        assert parsed.model_dump() == parse(model, json.dumps(body)).model_dump()


def test_a_refusal_shows_no_content() -> None:
    """An error repeats at most the beginning of a value: never a text that was sent as content."""
    refused = refusal(CreateMessage, part(type="text", text="marker " * 40_000))
    assert "marker" not in f"{refused!r} {refused}"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "function", "text", "file_search", "image_url", "name", "k", "[key]"]
            )
            | st.text(max_size=3),
            inner
            | st.sampled_from(["function", "text", "file_search", "image_url", "json_schema"]),
            max_size=4,
        )
    ),
    max_leaves=12,
)


@st.composite
def bodies(draw: st.DrawFn) -> tuple[type[BaseModel], str]:
    """A body with some of the right names and anything as their values."""
    model = draw(st.sampled_from(BODIES))
    names = st.sampled_from(sorted(model.model_fields)) | st.text(max_size=3)
    valid = {k: v for k, v in (ASSISTANT | MESSAGE | RUN).items() if k in model.model_fields}
    return model, json.dumps(valid | draw(st.dictionaries(names, JSON, max_size=3)))


def outcome(model: type[BaseModel], raw: bytes | str) -> BaseModel | InvalidRequest:
    """What comes of a body; anything else that is raised fails the test."""
    try:
        return parse(model, raw)
    except InvalidRequest as refused:
        return refused


@pytest.mark.promise("1.8", "18.4")
@unhurried
@given(bodies())
def test_any_json_is_taken_or_refused(sent: tuple[type[BaseModel], str]) -> None:
    """Whatever JSON is sent, only InvalidRequest is raised, and what is taken can be stored."""
    result = outcome(*sent)
    if isinstance(result, InvalidRequest):
        assert "a valid value" not in result.message, "an error of pydantic's has no text"
    else:
        json.dumps(result.model_dump(), allow_nan=False)


@pytest.mark.promise("1.8")
@unhurried
@given(st.sampled_from(BODIES), st.binary(max_size=40) | st.text(st.characters(), max_size=40))
def test_any_bytes_are_taken_or_refused(model: type[BaseModel], raw: bytes | str) -> None:
    """Whatever bytes are sent, only InvalidRequest is raised."""
    assert isinstance(outcome(model, raw), InvalidRequest | model)


@unhurried
@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=64),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=512),
        max_size=16,
    )
)
def test_valid_metadata_comes_back(metadata: dict[str, str]) -> None:
    """Any metadata within the limits comes back as it was sent."""
    body = parse(CreateThread, json.dumps({"metadata": metadata}))
    assert body.thread("thread_1", 1).metadata == metadata
