"""Assistants."""

from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from threadkeep.domain.objects import Assistant
from threadkeep.wire.bodies.fields import LongText, Metadata, Model, RequestBody, Temperature, TopP
from threadkeep.wire.bodies.response_format import ResponseFormat, response_format_json
from threadkeep.wire.bodies.tools import (
    NewToolResources,
    Tool,
    ToolResources,
    tools_json,
    with_code_interpreter,
)

ReasoningEffort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]


class _Assistant(RequestBody):
    """What create and modify have in common."""

    name: Annotated[str, StringConstraints(max_length=256)] | None = None
    description: Annotated[str, StringConstraints(max_length=512)] | None = None
    instructions: LongText | None = None
    reasoning_effort: ReasoningEffort | None = None
    tools: Annotated[list[Tool], Field(max_length=128, fail_fast=True)] | None = None
    metadata: Metadata | None = None
    temperature: Temperature | None = None
    top_p: TopP | None = None
    response_format: ResponseFormat | None = None

    def _values(self) -> dict[str, Any]:
        """Every field's value as it is stored: what is null or absent has its default."""
        return {
            "name": self.name,
            "description": self.description,
            "instructions": self.instructions,
            "reasoning_effort": self.reasoning_effort,
            "tools": tools_json(self.tools or ()),
            "metadata": self.metadata or {},
            "temperature": 1.0 if self.temperature is None else self.temperature,
            "top_p": 1.0 if self.top_p is None else self.top_p,
            "response_format": response_format_json(self.response_format),
        }


class CreateAssistant(_Assistant):
    """POST /assistants."""

    model: Model
    tool_resources: NewToolResources | None = None

    def assistant(self, id_: str, created_at: int) -> Assistant:
        """The assistant that this makes."""
        values = self._values()
        resources = self.tool_resources.to_json() if self.tool_resources else {}
        return Assistant(
            id=id_,
            created_at=created_at,
            model=self.model,
            tool_resources=with_code_interpreter(values["tools"], resources),
            **values,
        )


class ModifyAssistant(_Assistant):
    """POST /assistants/{assistant_id}. Null sets the default back, absence leaves alone."""

    model: Model | None = None
    tool_resources: ToolResources | None = None

    def applied_to(self, assistant: Assistant) -> Assistant:
        """The assistant after this: lists and metadata replaced whole, resources tool by tool."""
        values = self._values()
        changes = {name: values[name] for name in self.model_fields_set if name in values}
        if self.model is not None:
            changes["model"] = self.model
        resources = dict(assistant.tool_resources)
        if self.tool_resources is not None:
            resources.update(self.tool_resources.to_json())
        elif "tool_resources" in self.model_fields_set:
            resources = {}
        tools = changes.get("tools", assistant.tools)
        changes["tool_resources"] = with_code_interpreter(tools, resources)
        return replace(assistant, **changes)
