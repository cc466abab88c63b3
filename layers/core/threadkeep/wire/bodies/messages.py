"""Messages: what an app may add to a thread."""

from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field

from threadkeep.domain import content as domain
from threadkeep.domain.objects import Message, NewMessage
from threadkeep.wire.bodies.fields import (
    ARRAY,
    STRING,
    FileId,
    LongText,
    Metadata,
    Part,
    RequestBody,
    WebUrl,
    string_or,
)

MAX_MESSAGES = 90  # that a thread or a run brings along: they are written in one transaction


class TextPart(Part):
    """Text. A plain string in requests, an object with annotations in answers."""

    type: Literal["text"]
    text: LongText

    def part(self) -> domain.TextPart:
        return domain.TextPart(self.text)


class ImageFile(Part):
    """A picture among the files."""

    file_id: FileId
    detail: domain.Detail | None = None


class ImageFilePart(Part):
    """A picture among the files."""

    type: Literal["image_file"]
    image_file: ImageFile

    def part(self) -> domain.ImageFile:
        return domain.ImageFile(self.image_file.file_id, self.image_file.detail or "auto")


class ImageURL(Part):
    """A picture on the web."""

    url: WebUrl
    detail: domain.Detail | None = None


class ImageURLPart(Part):
    """A picture on the web."""

    type: Literal["image_url"]
    image_url: ImageURL

    def part(self) -> domain.ImageUrl:
        return domain.ImageUrl(self.image_url.url, self.image_url.detail or "auto")


_Part = Annotated[TextPart | ImageFilePart | ImageURLPart, Discriminator("type")]
Content = Annotated[
    Annotated[LongText, STRING]
    | Annotated[list[_Part], Field(min_length=1, fail_fast=True), ARRAY],
    string_or("an array of objects"),
]


class AttachedCodeInterpreter(Part):
    """For the code interpreter."""

    type: Literal["code_interpreter"]


class AttachedFileSearch(Part):
    """For the file search."""

    type: Literal["file_search"]


_AttachedTool = Annotated[AttachedCodeInterpreter | AttachedFileSearch, Discriminator("type")]


class Attachment(Part):
    """A file, and the tools that it is for."""

    file_id: FileId
    tools: Annotated[list[_AttachedTool], Field(fail_fast=True)]

    def to_json(self) -> dict[str, Any]:
        return {"file_id": self.file_id, "tools": [{"type": tool.type} for tool in self.tools]}


class CreateMessage(RequestBody):
    """POST /threads/{thread_id}/messages, and each message that a thread or a run brings along."""

    role: Literal["user", "assistant"]
    content: Content
    attachments: Annotated[list[Attachment], Field(fail_fast=True)] | None = None
    metadata: Metadata | None = None

    def parts(self) -> tuple[domain.ContentPart, ...]:
        """What the message says."""
        if isinstance(self.content, str):
            return (domain.TextPart(self.content),)
        return tuple(part.part() for part in self.content)

    def message(self, thread_id: str, created_at: int) -> NewMessage:
        """The message that this asks for."""
        return NewMessage(
            thread_id=thread_id,
            created_at=created_at,
            role=self.role,
            content=self.parts(),
            attachments=[attachment.to_json() for attachment in self.attachments or ()],
            metadata=self.metadata or {},
        )


NewMessages = Annotated[list[CreateMessage], Field(max_length=MAX_MESSAGES, fail_fast=True)]


class ModifyMessage(RequestBody):
    """POST /threads/{thread_id}/messages/{message_id}. Null clears, absence leaves alone."""

    metadata: Metadata | None = None

    def applied_to(self, message: Message) -> Message:
        """The message after this: metadata replaced whole."""
        if "metadata" not in self.model_fields_set:
            return message
        return replace(message, metadata=self.metadata or {})
