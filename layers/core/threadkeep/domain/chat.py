"""A prompt as a model is asked it: the messages of a chat, in the words of no provider."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from threadkeep.domain.content import ContentPart
from threadkeep.domain.tool_calls import ToolCall


@dataclass(frozen=True)
class SystemMessage:
    """The run's instructions."""

    text: str


@dataclass(frozen=True)
class UserMessage:
    """What the app's user said."""

    content: Sequence[ContentPart]


@dataclass(frozen=True)
class AssistantMessage:
    """What a model said, then the functions that it called; either may be missing."""

    content: Sequence[ContentPart] = ()
    calls: Sequence[ToolCall] = ()


@dataclass(frozen=True)
class ToolMessage:
    """What a call of the message before gave."""

    call_id: str
    output: str


ChatMessage: TypeAlias = SystemMessage | UserMessage | AssistantMessage | ToolMessage
