"""What the model is told of a long thread."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from tests.objects import message, run
from threadkeep.domain.chat import SystemMessage, UserMessage
from threadkeep.domain.content import ImageUrl, TextPart
from threadkeep.domain.context import (
    MOST_MESSAGES,
    fitting,
    mentions_json,
    message_tokens,
    prompt_of,
    tokens,
)
from threadkeep.domain.objects import Message
from threadkeep.domain.runs import Run

THREAD = "thread_1"


def said(count: int) -> list[Message]:
    """Messages of 10 tokens each, oldest first."""
    return [message(THREAD, f"{n:030}") for n in range(count)]


def kept(messages: Sequence[Message], run_: Run, budget: int) -> list[int]:
    """Which of the messages are left, by their number."""
    left = fitting(reversed(messages), lambda: messages[0], run_, budget)
    return [messages.index(m) for m in left]


def last(n: int) -> Run:
    return run(THREAD, truncation_strategy={"type": "last_messages", "last_messages": n})


@pytest.mark.parametrize(
    ("value", "expected"), [("", 0), ("a", 1), ("abc", 1), ("äöü", 2), ("abcd", 2)]
)
def test_tokens_are_estimated_by_bytes(value: str, expected: int) -> None:
    """UTF-8 bytes by three, rounded up."""
    assert tokens(value) == expected


def test_what_fits_is_kept_whole() -> None:
    """Nothing is dropped from a thread that fits."""
    assert kept(said(5), run(THREAD), 50) == [0, 1, 2, 3, 4]


def test_auto_drops_from_the_middle() -> None:
    """The newest that fit stay, and the first message of the thread."""
    assert kept(said(10), run(THREAD), 40) == [0, 7, 8, 9]


def test_a_first_message_that_never_fits() -> None:
    """It costs nobody else their place."""
    messages = [message(THREAD, "x" * 3_000), *said(5)]
    assert kept(messages, run(THREAD), 30) == [3, 4, 5]
    assert kept(messages, run(THREAD), 1_005) == [1, 2, 3, 4, 5]


def test_the_newest_always_stays() -> None:
    """However small the budget."""
    assert kept(said(3), run(THREAD), 1) == [2]


def test_last_messages_keeps_the_newest_n() -> None:
    """And the first message only if it is among them."""
    assert kept(said(10), last(3), 1_000) == [7, 8, 9]
    assert kept(said(2), last(3), 1_000) == [0, 1]
    assert kept(said(1_000), last(600), 1_000_000) == list(range(400, 1_000))


def test_what_the_run_has_said_is_not_counted() -> None:
    """It said it on its way; what it is to answer stays, however little is kept."""
    for strategy, budget in ((last(1), 1_000), (run(THREAD), 1)):
        own = message(THREAD, "Let me see.", role="assistant", run_id=strategy.id)
        assert kept([*said(3), own], strategy, budget) == [2, 3]


def test_a_long_thread_is_not_read_whole() -> None:
    """Automatic truncation takes no more messages than two pages have."""
    taken: list[int] = []

    def newest() -> Iterator[Message]:
        for number, each in enumerate(said(2_000)):
            taken.append(number)
            yield each

    fitting(newest(), lambda: None, run(THREAD), 10**9)
    assert len(taken) == MOST_MESSAGES + 1


def test_pictures_reach_the_model() -> None:
    """They cost more than text, and stand in their place."""
    parts = (TextPart("See"), ImageUrl("https://x/y.png"))
    plain, mixed = message(THREAD, "Hi"), replace(message(THREAD), content=parts)
    prompt = prompt_of(run(THREAD, instructions="Be brief."), [plain, mixed], [])
    assert prompt == [
        SystemMessage("Be brief."),
        UserMessage((TextPart("Hi"),)),
        UserMessage(parts),
    ]
    assert message_tokens(mixed) > message_tokens(plain)
    assert not mentions_json(prompt)
