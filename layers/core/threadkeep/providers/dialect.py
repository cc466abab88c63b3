"""Where servers that speak Chat Completions differ from each other, as `models.toml` says it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

WireMessage = Mapping[str, Any]
TokenLimit = Literal["max_completion_tokens", "max_tokens"]


@dataclass(frozen=True)
class Dialect:
    """What a server takes, and under which names.

    `ask_for_usage`: it knows `stream_options`. `token_limit` is its name for the most tokens to
    write. `sampling`: it takes `temperature` and `top_p`. `merge_turns`: it refuses several
    messages of one role in a row. `empty_content` is the content of a message that only calls.
    """

    ask_for_usage: bool = True
    token_limit: TokenLimit = "max_completion_tokens"  # noqa: S105  (no password)
    sampling: bool = True
    merge_turns: bool = False
    empty_content: Literal[""] | None = None

    def messages(self, messages: Iterable[WireMessage]) -> list[WireMessage]:
        """The messages as the server takes them."""
        taken = _merged(messages) if self.merge_turns else messages
        return [self._with_content(message) for message in taken]

    def _with_content(self, message: WireMessage) -> WireMessage:
        if message.get("content") is not None:
            return message
        return {**message, "content": self.empty_content}


def _merged(messages: Iterable[WireMessage]) -> list[WireMessage]:
    """One message for several of the same role in a row. Each output of a tool stays one."""
    merged: list[WireMessage] = []
    for message in messages:
        last = merged[-1] if merged else None
        if last and last["role"] == message["role"] != "tool" and "tool_calls" not in last:
            content = _together(last["content"], message["content"])
            merged[-1] = {**last, **message, "content": content}
        else:
            merged.append(message)
    return merged


def _together(one: Any, other: Any) -> Any:
    """Both contents: texts with a blank line between them, else the parts of both."""
    if not one or not other:
        return one or other
    if isinstance(one, str) and isinstance(other, str):
        return f"{one}\n\n{other}"
    return [*_parts(one), *_parts(other)]


def _parts(content: Any) -> list[Any]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)
