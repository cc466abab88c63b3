"""What answers look like: `wire.objects` makes them, and the OpenAPI document shows them.

No key is ever left out but those marked `NotRequired`, and there are no others.
"""

from typing import Annotated, Generic, Literal, TypeVar

from pydantic import Discriminator, Field
from typing_extensions import TypedDict  # before 3.12, pydantic needs this one

from threadkeep.domain.objects import MessageStatus, Role
from threadkeep.wire.bodies.assistants import ReasoningEffort
from threadkeep.wire.bodies.fields import Metadata
from threadkeep.wire.shapes.parts import (
    AssistantId,
    MessageId,
    ResponseFormatObject,
    RunId,
    ThreadId,
    Time,
    ToolObject,
    ToolResourcesObject,
)

T = TypeVar("T")


class ErrorDetails(TypedDict):
    message: str
    type: Literal["invalid_request_error", "server_error", "requests"]
    param: str | None
    code: str | None


class ErrorResponse(TypedDict):
    error: ErrorDetails


class AssistantObject(TypedDict):
    id: AssistantId
    object: Literal["assistant"]
    created_at: Time
    name: str | None
    description: str | None
    model: str
    instructions: str | None
    tools: list[ToolObject]
    top_p: float
    temperature: float
    reasoning_effort: ReasoningEffort | None
    tool_resources: ToolResourcesObject
    metadata: Metadata
    response_format: ResponseFormatObject


class ThreadObject(TypedDict):
    id: ThreadId
    object: Literal["thread"]
    created_at: Time
    metadata: Metadata
    tool_resources: ToolResourcesObject


class FileCitationObject(TypedDict):
    file_id: str


class FileCitationAnnotation(TypedDict):
    type: Literal["file_citation"]
    text: str
    start_index: Annotated[int, Field(ge=0)]
    end_index: Annotated[int, Field(ge=0)]
    file_citation: FileCitationObject


class FilePathAnnotation(TypedDict):
    type: Literal["file_path"]
    text: str
    start_index: Annotated[int, Field(ge=0)]
    end_index: Annotated[int, Field(ge=0)]
    file_path: FileCitationObject


class TextObject(TypedDict):
    value: str
    annotations: list[Annotated[FileCitationAnnotation | FilePathAnnotation, Discriminator("type")]]


class TextPartObject(TypedDict):
    type: Literal["text"]
    text: TextObject


class ImageURLObject(TypedDict):
    url: str
    detail: Literal["auto", "low", "high"]


class ImageURLPartObject(TypedDict):
    type: Literal["image_url"]
    image_url: ImageURLObject


class ImageFileObject(TypedDict):
    file_id: str
    detail: Literal["auto", "low", "high"]


class ImageFilePartObject(TypedDict):
    type: Literal["image_file"]
    image_file: ImageFileObject


class AttachedToolObject(TypedDict):
    type: Literal["code_interpreter", "file_search"]


class AttachmentObject(TypedDict):
    file_id: str
    tools: list[AttachedToolObject]


class MessageIncompleteDetails(TypedDict):
    reason: Literal["content_filter", "max_tokens", "run_cancelled", "run_expired", "run_failed"]


class MessageObject(TypedDict):
    id: MessageId
    object: Literal["thread.message"]
    created_at: Time
    assistant_id: AssistantId | None
    thread_id: ThreadId
    run_id: RunId | None
    status: MessageStatus
    incomplete_details: MessageIncompleteDetails | None
    incomplete_at: Time | None
    completed_at: Time | None
    role: Role
    content: list[
        Annotated[TextPartObject | ImageURLPartObject | ImageFilePartObject, Discriminator("type")]
    ]
    attachments: list[AttachmentObject]
    metadata: Metadata


class ModelObject(TypedDict):
    id: str
    object: Literal["model"]
    created: Time
    owned_by: str


class ModelList(TypedDict):
    object: Literal["list"]
    data: list[ModelObject]


class DeletedAssistant(TypedDict):
    id: AssistantId
    object: Literal["assistant.deleted"]
    deleted: Literal[True]


class DeletedThread(TypedDict):
    id: ThreadId
    object: Literal["thread.deleted"]
    deleted: Literal[True]


class DeletedMessage(TypedDict):
    id: MessageId
    object: Literal["thread.message.deleted"]
    deleted: Literal[True]


class PageObject(TypedDict, Generic[T]):
    """A page of a list. The ids are those of its ends, None if it is empty."""

    object: Literal["list"]
    data: list[T]
    first_id: str | None
    last_id: str | None
    has_more: bool
