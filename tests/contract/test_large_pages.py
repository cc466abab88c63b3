"""Lists of messages too large for one answer: a page ends early, and nothing is lost."""

import json

import pytest

from tests.contract.exchanges import Replay
from tests.objects import long_text
from tests.system import System, proxy_event

LARGEST_ANSWER = 6_000_000  # bytes; Lambda takes no larger one

# How many messages of these characters are more than a page.
MESSAGES = {
    "one byte each": (range(0x61, 0x7B), 15),
    "three bytes each": (range(0x4E00, 0x9FFF), 5),
    "four bytes each": (range(0x1F300, 0x1FAFF), 4),
    "escaped in JSON": (range(0x01, 0x20), 3),
    "quotes and backslashes": ((0x22, 0x5C), 7),
}


def page(system: System, path: str) -> tuple[list[str], str | None, bool]:
    """The texts of a page, its last id, and whether there is more."""
    event, function = proxy_event("GET", path, None, "acme")
    answer = system.local.invoke(function, event)
    assert answer["statusCode"] == 200
    assert len(json.dumps(answer, ensure_ascii=False).encode()) < LARGEST_ANSWER
    shown = json.loads(answer["body"])
    data = [message["content"][0]["text"]["value"] for message in shown["data"]]
    return data, shown["last_id"], shown["has_more"]


@pytest.mark.parametrize("characters", MESSAGES)
def test_messages_of_any_characters(replay: Replay, characters: str) -> None:
    """Messages of 256,000 characters are whole over the pages, in both orders; no answer is too
    large, and each but the last says that there is more.
    """
    alphabet, how_many = MESSAGES[characters]
    given = [long_text(n, alphabet) for n in range(how_many)]
    system = replay.system
    path = f"/threads/{system.thread()['id']}/messages"
    for text in given:
        system.post(path, {"role": "user", "content": text})
    assert list_of_pages(system, f"{path}?limit=100&order=asc") == given
    assert list_of_pages(system, f"{path}?limit=100&order=desc") == given[::-1]


def list_of_pages(system: System, path: str) -> list[str]:
    """The list, page by page; it has to be more than one."""
    seen, last_id, has_more = page(system, path)
    assert has_more
    while has_more:
        data, last_id, has_more = page(system, f"{path}&after={last_id}")
        assert data
        seen += data
    return seen
