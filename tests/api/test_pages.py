"""Pages over the served API, on every list that has them."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.api.client import Client, path_of

FUNCTION = {"type": "function", "function": {"name": "f"}}
UNKNOWN = "{}_00000000000000000000000z"  # older than whatever is made here

List = tuple[str, str]  # path, prefix of its ids


def _assistants(_: Client) -> List:
    return "/assistants", "asst"


def _threads(_: Client) -> List:
    return "/threads", "thread"


def _messages(client: Client) -> List:
    return f"/threads/{client.thread()['id']}/messages", "msg"


def _runs(client: Client) -> List:
    return f"/threads/{client.thread()['id']}/runs", "run"


def _steps(client: Client) -> List:
    run = client.until(client.run(tools=[FUNCTION]), "requires_action")
    return f"{path_of(run)}/steps", "step"


LISTS = pytest.mark.parametrize("a_list", [_assistants, _threads, _messages, _runs, _steps])


@pytest.fixture
def path(client: Client) -> str:
    """A list of 45 messages of the same second."""
    thread = client.thread(*map(str, range(45)))
    return f"/threads/{thread['id']}/messages"


@pytest.fixture
def ids(client: Client, path: str) -> list[str]:
    """Their ids, oldest first."""
    page = client.get(path, order="asc", limit=100)
    assert page["has_more"] is False
    return [message["id"] for message in page["data"]]


def listed(client: Client, path: str, **query: Any) -> tuple[list[str], bool]:
    page = client.get(path, **query)
    found = [each["id"] for each in page["data"]]
    assert (page["first_id"], page["last_id"]) == (found[0], found[-1])
    return found, page["has_more"]


@pytest.mark.promise("14.1")
def test_an_empty_page(client: Client) -> None:
    """It has nulls for its ids."""
    for path, _ in (_assistants(client), _messages(client), _runs(client)):
        page = client.get(path)
        assert page == {
            "object": "list",
            "data": [],
            "first_id": None,
            "last_id": None,
            "has_more": False,
        }


@pytest.mark.promise("14.2", "14.1", "14.5")
def test_twenty_newest_first(client: Client, path: str, ids: list[str]) -> None:
    """Unless limit and order say otherwise; one order is the exact reverse of the other."""
    assert listed(client, path) == (ids[:-21:-1], True)
    assert listed(client, path, limit=1) == (ids[-1:], True)
    assert listed(client, path, limit=100) == (ids[::-1], False)
    assert listed(client, path, order="asc", limit=3) == (ids[:3], True)
    assert listed(client, path, limit="", order="", after="") == (ids[:-21:-1], True)


@pytest.mark.promise("14.3", "14.4")
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_cursors(client: Client, path: str, ids: list[str], order: str) -> None:
    """`after` is what follows, `before` what precedes, in the order asked for."""
    rows = ids if order == "asc" else ids[::-1]

    def asked(**query: Any) -> tuple[list[str], bool]:
        return listed(client, path, order=order, **query)

    assert asked(after=rows[9], limit=5) == (rows[10:15], True)
    assert asked(after=rows[39], limit=5) == (rows[40:], False)
    assert asked(before=rows[10], limit=5) == (rows[5:10], True)
    assert asked(before=rows[5], limit=5) == (rows[:5], False)
    assert asked(after=rows[9], before=rows[15]) == (rows[10:15], False)
    assert client.get(path, order=order, after=rows[-1])["data"] == []
    assert client.get(path, order=order, after=rows[9], before=rows[9])["data"] == []


@pytest.mark.promise("14.6")
def test_a_cursor_whose_object_is_gone(client: Client, path: str, ids: list[str]) -> None:
    """Paging goes on where it was, and no cursor is looked up."""
    client.delete(f"{path}/{ids[10]}")
    assert listed(client, path, order="asc", after=ids[10], limit=2) == (ids[11:13], True)
    assert listed(client, path, order="asc", before=ids[10], limit=2) == (ids[8:10], True)
    unknown = UNKNOWN.format("msg")
    assert listed(client, path, order="asc", after=unknown, limit=1) == (ids[:1], True)


@pytest.mark.promise("14.8")
@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("limit", [1, 7, 15, 45])
def test_following_the_last_id(
    client: Client, path: str, ids: list[str], order: str, limit: int
) -> None:
    """Every object comes once, and the last page is never empty."""
    seen: list[str] = []
    has_more = True
    while has_more:
        cursor = {"after": seen[-1]} if seen else {}
        found, has_more = listed(client, path, order=order, limit=limit, **cursor)
        seen += found
    assert seen == (ids if order == "asc" else ids[::-1])


@LISTS
@pytest.mark.promise("14.7")
def test_wrong_limits(client: Client, a_list: Callable[[Client], List]) -> None:
    """Out of range or no number: refused by name, on every list."""
    path, _ = a_list(client)
    for value, problem in (
        (101, "above maximum value. Expected a value <= 100"),
        (0, "below minimum value. Expected a value >= 1"),
        (-1, "below minimum value. Expected a value >= 1"),
    ):
        text = f"Invalid 'limit': integer {problem}, but got {value} instead."
        code = f"integer_{'above_max' if value > 0 else 'below_min'}_value"
        answer = client.ask("GET", path, None, {"limit": value})
        assert answer.error == (400, text, "limit", code)
    text = "Invalid type for 'limit': expected an integer, but got a string instead."
    for text_value in ("ten", "1.5", "1e1", "٣", "9" * 100):
        answer = client.ask("GET", path, None, {"limit": text_value})
        assert answer.error == (400, text, "limit", "invalid_type")


@LISTS
@pytest.mark.promise("14.7")
def test_wrong_orders(client: Client, a_list: Callable[[Client], List]) -> None:
    """There are two."""
    path, _ = a_list(client)
    text = "Invalid value: 'random'. Supported values are: 'asc' and 'desc'."
    answer = client.ask("GET", path, None, {"order": "random"})
    assert answer.error == (400, text, "order", "invalid_value")


@LISTS
@pytest.mark.promise("14.7")
@pytest.mark.parametrize("name", ["after", "before"])
def test_wrong_cursors(client: Client, a_list: Callable[[Client], List], name: str) -> None:
    """A cursor is an id of the list's kind."""
    path, prefix = a_list(client)
    for value in ("undefined", "file-1", f"{prefix}_", f"{prefix}_1/2", f"{prefix}-1"):
        text = f"Invalid '{name}': '{value}'. Expected an ID that begins with '{prefix}'."
        answer = client.ask("GET", path, None, {name: value})
        assert answer.error == (400, text, name, "invalid_value")


@LISTS
@pytest.mark.promise("14.6")
def test_a_cursor_that_never_was(client: Client, a_list: Callable[[Client], List]) -> None:
    """Any well-formed id is a place in the list."""
    path, prefix = a_list(client)
    whole = client.get(path)
    for query in ({"before": UNKNOWN}, {"after": UNKNOWN, "order": "asc"}):
        cursor = {name: value.format(prefix) for name, value in query.items()}
        assert client.get(path, **cursor)["data"] == whole["data"]


@pytest.mark.promise("14.7", "18.3")
@pytest.mark.parametrize("value", ["undefined", "msg_1", "run_", "run_1/2"])
def test_a_run_id_that_is_none(client: Client, value: str) -> None:
    """The messages of what is no run are refused, too."""
    path, _ = _messages(client)
    text = f"Invalid 'run_id': '{value}'. Expected an ID that begins with 'run'."
    answer = client.ask("GET", path, None, {"run_id": value})
    assert answer.error == (400, text, "run_id", "invalid_value")
