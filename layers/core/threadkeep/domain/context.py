"""What a model is asked: the run's instructions, the thread, and what this run has done so far."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from threadkeep.domain.chat import (
    AssistantMessage,
    ChatMessage,
    SystemMessage,
    ToolMessage,
    UserMessage,
)
from threadkeep.domain.content import ContentPart, TextPart, text_of
from threadkeep.domain.objects import Message
from threadkeep.domain.runs import Run, RunStep

# Messages that automatic truncation keeps at most: a long thread is never read whole. With the one
# that tells that there are more, and the run's own (one a turn), two pages of 200; the thread's
# first message is the third read.
MOST_MESSAGES = 340
_PICTURE = 1_000  # tokens, roughly what a picture of usual size costs


def tokens(text: str) -> int:
    """An estimate of what a text costs. What is charged is the provider's own count."""
    return tokens_of(len(text.encode()))


def tokens_of(size: int) -> int:
    """The estimate by the size in bytes of UTF-8: a third of it, rounded up."""
    return -(-size // 3)


def message_tokens(message: Message) -> int:
    """An estimate of what a message costs."""
    pictures = sum(not isinstance(part, TextPart) for part in message.content)
    return tokens(text_of(message.content)) + _PICTURE * pictures


def fixed_tokens(run: Run, steps: Sequence[RunStep]) -> int:
    """An estimate of what the run asks besides the thread: instructions, tools, calls so far."""
    calls = "".join(
        f"{call.id}{call.name}{call.arguments}{call.output}" for s in steps for call in s.calls
    )
    given = json.dumps([run.tools, run.response_format], ensure_ascii=False)
    return tokens((run.instructions or "") + given + calls)


def fitting(
    newest_first: Iterable[Message],
    oldest: Callable[[], Message | None],
    run: Run,
    budget: int,
) -> list[Message]:
    """The messages that the run's truncation strategy and `budget` (tokens) leave, oldest first.

    `last_messages` keeps the newest n. `auto` drops from the middle: it keeps the newest that fit,
    and the thread's first message, which `oldest` gets. At least the newest is kept, and nothing
    is read beyond what is needed. What the run has said itself stays; it costs tokens, but is none
    of the n messages.
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


def prompt_of(run: Run, messages: Sequence[Message], steps: Sequence[RunStep]) -> list[ChatMessage]:
    """What the run asks its model; `steps` are those that it has completed.

    What the run itself said lies in the thread, too: it stands in the place of its step.
    """
    own = {message.id: message for message in messages if message.run_id == run.id}
    prompt: list[ChatMessage] = [SystemMessage(run.instructions)] if run.instructions else []
    for message in messages:
        if message.id not in own:
            of = UserMessage if message.role == "user" else AssistantMessage
            prompt.append(of(message.content))
    return [*prompt, *_own_messages(own, steps)]


def mentions_json(prompt: Sequence[ChatMessage]) -> bool:
    """Whether the word is in the prompt, as JSON mode requires."""
    return any("json" in text_in(message).lower() for message in prompt)


def text_in(message: ChatMessage) -> str:
    """The text of a message of the prompt, calls apart."""
    match message:
        case SystemMessage(text):
            return text
        case ToolMessage(output=output):
            return output
        case UserMessage(content) | AssistantMessage(content):
            return text_of(content)


def _own_messages(own: Mapping[str, Message], steps: Sequence[RunStep]) -> Iterator[ChatMessage]:
    """The run's turns. What one said before it called is a step of its own, but was one message."""
    said: list[ContentPart] = []
    for step in steps:
        if step.type == "tool_calls":
            yield AssistantMessage(said, step.calls)
            yield from (ToolMessage(call.id, call.output or "") for call in step.calls)
            said = []
        elif message := own.get(step.message_id or ""):
            said.append(TextPart(text_of(message.content)))
    # Its executor died before it called: the turn is done again.
    yield from (AssistantMessage([part]) for part in said)
