"""Pages and ids from outside: taken as asked for, or refused before they reach a key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.wire.sent import unhurried
from threadkeep.domain.errors import InvalidRequest
from threadkeep.domain.objects import PageRequest
from threadkeep.wire.ids import path_id, query_id
from threadkeep.wire.pages import parse_page

ABOVE = (
    "Invalid 'limit': integer above maximum value. Expected a value <= 100, but got 101 instead."
)
BELOW = "Invalid 'limit': integer below minimum value. Expected a value >= 1, but got {} instead."


@pytest.mark.parametrize(
    "query", [None, {}, {"foo": "bar"}, {"limit": "", "order": "", "after": ""}]
)
def test_defaults(query: dict[str, str] | None) -> None:
    """Twenty, newest first; unknown and empty parameters are ignored."""
    assert parse_page(query, "msg") == PageRequest(limit=20, order="desc", after=None, before=None)


def test_everything() -> None:
    """Limit, order and both cursors are taken together."""
    query = {"limit": "100", "order": "asc", "after": "msg_a", "before": "msg_B"}
    expected = PageRequest(limit=100, order="asc", after="msg_a", before="msg_B")
    assert parse_page(query, "msg") == expected


@pytest.mark.parametrize(
    ("query", "message", "param", "code"),
    [
        ({"limit": "101"}, ABOVE, "limit", "integer_above_max_value"),
        ({"limit": "0"}, BELOW.format(0), "limit", "integer_below_min_value"),
        ({"limit": "-5"}, BELOW.format(-5), "limit", "integer_below_min_value"),
        *(
            (
                {"limit": limit},
                "Invalid type for 'limit': expected an integer, but got a string instead.",
                "limit",
                "invalid_type",
            )
            for limit in ("ten", "1.5", "1e1", " 1", "1_0", "\u0661", "9" * 5000)
        ),
        (
            {"order": "random"},
            "Invalid value: 'random'. Supported values are: 'asc' and 'desc'.",
            "order",
            "invalid_value",
        ),
        (
            {"after": "x"},
            "Invalid 'after': 'x'. Expected an ID that begins with 'msg'.",
            "after",
            "invalid_value",
        ),
        (
            {"before": "msg_1/2"},
            "Invalid 'before': 'msg_1/2'. Expected an ID that begins with 'msg'.",
            "before",
            "invalid_value",
        ),
    ],
)
def test_errors(query: dict[str, str], message: str, param: str, code: str) -> None:
    """What is no limit, order or cursor is refused in the contract's words."""
    with pytest.raises(InvalidRequest) as refused:
        parse_page(query, "msg")
    error = refused.value
    assert (error.message, error.param, error.code) == (message, param, code)


@pytest.mark.parametrize(
    "value",
    ["undefined", "msg_1", "thread", "thread_", "thread_é", "eu/thread_1", "thread_" + "1" * 2000],
)
def test_path_ids_that_are_none(value: str) -> None:
    """A path id of the wrong kind, with other characters or of any length is refused."""
    with pytest.raises(InvalidRequest) as refused:
        path_id({"thread_id": value}, "thread_id")
    shown = value if len(value) <= 64 else f"{value[:64]}…"
    assert refused.value.message == (
        f"Invalid 'thread_id': '{shown}'. Expected an ID that begins with 'thread'."
    )
    assert (refused.value.param, refused.value.code) == ("thread_id", "invalid_value")


def test_ids_that_are_well_formed() -> None:
    """A well-formed id is taken, known or not; as a query parameter it may be absent."""
    assert path_id({"run_id": "run_0aZ"}, "run_id") == "run_0aZ"
    assert query_id({"run_id": "run_0aZ"}, "run_id", "run") == "run_0aZ"
    assert query_id({}, "run_id", "run") is None


@pytest.mark.promise("14.7")
@unhurried
@given(
    st.dictionaries(
        st.sampled_from(["limit", "order", "after", "before"]),
        st.text() | st.integers().map(str) | st.from_regex(r"msg_\w*"),
    )
)
def test_any_query_is_taken_or_refused(query: dict[str, str]) -> None:
    """Whatever is asked for, nothing but InvalidRequest is raised."""
    try:
        page = parse_page(query, "msg")
    except InvalidRequest:
        return
    assert 1 <= page.limit <= 100
    for cursor in (page.after, page.before):
        assert cursor is None or (cursor.isascii() and cursor[4:].isalnum())
