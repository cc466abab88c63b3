"""What the model is told: the run's instructions, then the thread, oldest message first."""

from collections.abc import Iterable, Sequence
from typing import Any

from threadkeep.domain.objects import JSONObject, Message, Run

# Messages that one run reads at most, whatever its budget: a long thread is never read whole.
MOST_MESSAGES = 300


def tokens(text: str) -> int:
    """An estimate: UTF-8 bytes / 3, rounded up. What is charged is the provider's own count."""
    return -(-len(text.encode()) // 3)


def recent(newest_first: Iterable[Message], run: Run, window: int) -> list[Message]:
    """The messages that the run's truncation strategy and `window` (tokens) leave, oldest first.

    At least the newest is kept. Reads no further than it needs to.
    """
    most = run.truncation_strategy.get("last_messages") or MOST_MESSAGES
    left = window - tokens(run.instructions or "")
    kept: list[Message] = []
    for message in newest_first:
        text = text_of(message.content)
        if not text:
            continue
        left -= tokens(text)
        if kept and left < 0:
            break
        kept.append(message)
        if len(kept) == min(int(str(most)), MOST_MESSAGES):
            break
    return kept[::-1]


def chat_messages(run: Run, messages: Sequence[Message]) -> list[dict[str, Any]]:
    """The prompt as Chat Completions messages."""
    system = [{"role": "system", "content": run.instructions}] if run.instructions else []
    said = [{"role": message.role, "content": text_of(message.content)} for message in messages]
    return system + said


def text_of(content: Sequence[JSONObject]) -> str:
    """The texts of a message's parts, joined."""
    parts = (part["text"] for part in content if part["type"] == "text")
    return "\n".join(str(text["value"]) for text in parts if isinstance(text, dict))
