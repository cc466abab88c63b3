"""The API's objects as values. Times are Unix seconds; users' JSON stays plain dicts and lists.

Nothing here is changed in place: a new state is `dataclasses.replace`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

from threadkeep.domain.content import ContentPart
from threadkeep.domain.json_values import (
    JSON,  # noqa: F401  (type hints are evaluated here, and name it)
    JSONObject,
)

Role = Literal["user", "assistant"]
MessageStatus = Literal["in_progress", "completed", "incomplete"]
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assistant:
    """A stored configuration of a model: what its runs start from."""

    id: str
    created_at: int
    model: str
    name: str | None = None
    description: str | None = None
    instructions: str | None = None
    tools: Sequence[JSONObject] = ()
    tool_resources: JSONObject = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    temperature: float = 1.0
    top_p: float = 1.0
    reasoning_effort: str | None = None
    response_format: str | JSONObject = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """A conversation.

    `last_message_id` is what new ids must be above, None in an empty thread. The lock is
    `active_run_id` until `active_until`. `user_messages` counts the messages of the user's.
    """

    id: str
    created_at: int
    metadata: Mapping[str, str] = field(default_factory=dict)
    tool_resources: JSONObject = field(default_factory=dict)
    last_message_id: str | None = None
    active_run_id: str | None = None
    active_until: int | None = None
    user_messages: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """A message that an app adds. The store gives it its id, in the order of its thread."""

    thread_id: str
    created_at: int
    role: Role
    content: Sequence[ContentPart]
    attachments: Sequence[JSONObject] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)

    def named(self, id_: str) -> "Message":
        """The message: complete at once, and nobody's but the app's."""
        return Message(
            id=id_,
            thread_id=self.thread_id,
            created_at=self.created_at,
            completed_at=self.created_at,
            role=self.role,
            content=self.content,
            attachments=self.attachments,
            metadata=self.metadata,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message of a thread. `attachments` are as the API shows them."""

    id: str
    thread_id: str
    created_at: int
    role: Role
    content: Sequence[ContentPart]
    status: MessageStatus = "completed"
    assistant_id: str | None = None
    run_id: str | None = None
    attachments: Sequence[JSONObject] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    completed_at: int | None = None
    incomplete_at: int | None = None
    incomplete_reason: str | None = None

    @property
    def begun(self) -> bool:
        """Whether its run is still to write its end."""
        return self.status == "in_progress"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T_co]):
    """A part of a list, in the order that was asked for."""

    data: Sequence[T_co]
    has_more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """What a list is asked for. `after` and `before` are ids, exclusive, in the order asked for."""

    limit: int = 20
    order: Literal["asc", "desc"] = "desc"
    after: str | None = None
    before: str | None = None
