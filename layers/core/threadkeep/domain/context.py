"""What the model is told: the run's instructions, the thread, and what this run has done so far."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from threadkeep.domain.objects import JSONObject, Message, Run, RunStep
from threadkeep.domain.tool_calls import calls_of, pending_calls

# Messages that automatic truncation keeps at most: a long thread is never read whole. With the one
# that tells that there are more, and the run's own (one a turn), two pages of 200; the thread's
# first message is the third read.
MOST_MESSAGES = 340
_PICTURE = 1_000  # tokens, roughly what a picture of usual size costs

ChatMessage = Mapping[str, Any]


def tokens(text: str) -> int:
    """An estimate of what a text costs. What is charged is the provider's own count."""
    return tokens_of(len(text.encode()))


def tokens_of(size: int) -> int:
    """The estimate by the size in bytes of UTF-8: a third of it, rounded up."""
    return -(-size // 3)


def message_tokens(message: Message) -> int:
    """An estimate of what a message costs."""
    pictures = sum(part["type"] != "text" for part in message.content)
    return tokens(text_of(message.content)) + _PICTURE * pictures


def fitting(
    newest_first: Iterable[Message],
    oldest: Callable[[], Message | None],
    run: Run,
    budget: int,
) -> list[Message]:
    """The messages that the run's truncation strategy and `budget` (tokens) leave, oldest first.

    `last_messages` keeps the newest n. `auto` drops from the middle: it keeps the newest that fit,
    and the thread's first message, which `oldest` gets. At least the newest is kept, and nothing
    is read beyond what is needed. What the run has said itself is no part of what it is to answer:
    it stays, and is not counted.
    """
    last = run.truncation_strategy.get("last_messages")
    most = int(str(last)) if last else MOST_MESSAGES
    own: list[Message] = []
    kept: list[Message] = []
    left, whole = budget, True
    for message in newest_first:
        if not message.content:
            continue
        cost = message_tokens(message)
        if message.run_id == run.id:
            own.append(message)
        elif kept and (cost > left or len(kept) == most):
            whole = False
            break
        else:
            kept.append(message)
        left -= cost
    if not whole and not last:
        kept = _with_first(kept, oldest(), left)
    return [*kept[::-1], *own[::-1]]


def _with_first(kept: list[Message], first: Message | None, left: int) -> list[Message]:
    """Make room for the first message of the thread at the expense of the oldest ones kept, unless
    it would not fit beside the newest alone.
    """
    if first is None or not first.content or first in kept:
        return kept
    need = message_tokens(first)
    if need > left + sum(map(message_tokens, kept[1:])):
        return kept
    while need > left:
        left += message_tokens(kept.pop())
    return [*kept, first]


def chat_messages(
    run: Run, messages: Sequence[Message], steps: Sequence[RunStep]
) -> list[ChatMessage]:
    """The prompt as Chat Completions messages; `steps` are those this run has completed.

    What the run itself said lies in the thread, too: it is told in the place of its step.
    """
    own = {message.id: message for message in messages if message.run_id == run.id}
    told: list[ChatMessage] = []
    if run.instructions:
        told.append({"role": "system", "content": run.instructions})
    told += [_told(message) for message in messages if message.id not in own]
    return [*told, *_told_turns(own, steps)]


def mentions_json(told: Sequence[ChatMessage]) -> bool:
    """Whether the word is in the prompt, as JSON mode requires."""
    return any("json" in str(message.get("content")).lower() for message in told)


def text_of(content: Sequence[JSONObject]) -> str:
    """The texts of a message's parts, joined."""
    parts = (part["text"] for part in content if part["type"] == "text")
    return "\n".join(str(text["value"]) for text in parts if isinstance(text, dict))


def _told(message: Message) -> ChatMessage:
    """A plain string where it is all text, else the parts in the words of Chat Completions."""
    if all(part["type"] == "text" for part in message.content):
        return {"role": message.role, "content": text_of(message.content)}
    parts = [
        {"type": "text", "text": text_of([part])} if part["type"] == "text" else dict(part)
        for part in message.content
    ]
    return {"role": message.role, "content": parts}


def _told_turns(own: Mapping[str, Message], steps: Sequence[RunStep]) -> Iterator[ChatMessage]:
    """The run's turns. What one said before it called is a step of its own, but was one message."""
    said: list[str] = []
    for step in steps:
        if step.type == "tool_calls":
            text = "\n".join(said) or None
            yield {"role": "assistant", "content": text, "tool_calls": list(pending_calls(step))}
            yield from map(_told_output, calls_of(step))
            said = []
        elif message := own.get(_message_id(step)):
            said.append(text_of(message.content))
    # Its executor died before it called: the turn is done again.
    yield from ({"role": "assistant", "content": text} for text in said)


def _told_output(call: Mapping[str, Any]) -> ChatMessage:
    return {"role": "tool", "tool_call_id": call["id"], "content": call["function"]["output"]}


def _message_id(step: RunStep) -> str:
    creation = step.step_details["message_creation"]
    return str(creation["message_id"]) if isinstance(creation, Mapping) else ""
