"""Assistants, page by page."""

from tests.contract.exchanges import Exchange, Made, Replay
from tests.contract.objects import assistant, page

HOW_MANY = 10


def numbered(number: int) -> dict[str, object]:
    return assistant(Made(f"a{number}", "asst"), name=f"Helper {number}")


def test_paging_through_assistants(replay: Replay) -> None:
    """Two at a time, newest first, each page after the last id of the one before; the last of ours
    says that there is more, as long as an older assistant is there.
    """
    replay(Exchange("POST", "/assistants", {"model": "gpt-4o"}, assistant()))
    for n in range(HOW_MANY):
        body = {"model": "gpt-4o", "name": f"Helper {n}"}
        replay(Exchange("POST", "/assistants", body, numbered(n)))
    after = ""
    for n in reversed(range(0, HOW_MANY, 2)):
        two = page(numbered(n + 1), numbered(n), has_more=True)
        replay(Exchange("GET", f"/assistants?limit=2&order=desc{after}", None, two))
        after = f"&after={{a{n}}}"
    last = page(assistant(), has_more=False)
    replay(Exchange("GET", f"/assistants?limit=2&order=desc{after}", None, last))


def test_paging_to_and_fro(replay: Replay) -> None:
    """Ascending, `before` gives the rows just before it, still ascending."""
    for n in range(HOW_MANY):
        body = {"model": "gpt-4o", "name": f"Helper {n}"}
        replay(Exchange("POST", "/assistants", body, numbered(n)))
    to = page(numbered(0), numbered(1), has_more=True)
    fro = page(numbered(5), numbered(6), has_more=True)
    replay(
        Exchange("GET", "/assistants?limit=2&order=asc", None, to),
        Exchange("GET", "/assistants?limit=2&order=asc&before={a7}", None, fro),
        Exchange(
            "GET",
            "/assistants?limit=2&order=asc&before={a2}",
            None,
            page(numbered(0), numbered(1), has_more=False),
        ),
    )
