"""Threads."""

from dataclasses import replace
from typing import Any

from threadkeep.domain.objects import Thread
from threadkeep.wire.bodies.fields import Metadata, RequestBody
from threadkeep.wire.bodies.messages import NewMessages
from threadkeep.wire.bodies.tools import NewToolResources, ToolResources


class CreateThread(RequestBody):
    """POST /threads. The whole body is optional."""

    messages: NewMessages | None = None
    tool_resources: NewToolResources | None = None
    metadata: Metadata | None = None

    def thread(self, id_: str, created_at: int, last_message_id: str | None = None) -> Thread:
        """The thread that this makes; `last_message_id` is that of the last message it brings."""
        return Thread(
            id=id_,
            created_at=created_at,
            metadata=self.metadata or {},
            tool_resources=self.tool_resources.to_json() if self.tool_resources else {},
            last_message_id=last_message_id,
            user_messages=sum(message.role == "user" for message in self.messages or ()),
        )


class ModifyThread(RequestBody):
    """POST /threads/{thread_id}. Null clears, absence leaves alone."""

    tool_resources: ToolResources | None = None
    metadata: Metadata | None = None

    def applied_to(self, thread: Thread) -> Thread:
        """The thread after this: metadata replaced whole, resources tool by tool."""
        changes: dict[str, Any] = {}
        if "metadata" in self.model_fields_set:
            changes["metadata"] = self.metadata or {}
        if self.tool_resources is not None:
            changes["tool_resources"] = {**thread.tool_resources, **self.tool_resources.to_json()}
        elif "tool_resources" in self.model_fields_set:
            changes["tool_resources"] = {}
        return replace(thread, **changes)
