"""Runs: what a run is asked to be, and the snapshot that it starts from."""

from dataclasses import replace
from typing import Annotated, Literal, TypeVar

from pydantic import Discriminator, Field

from threadkeep.domain.json_values import JSONObject
from threadkeep.domain.objects import Assistant
from threadkeep.domain.runs import Run, RunSnapshot
from threadkeep.wire.bodies.assistants import ReasoningEffort
from threadkeep.wire.bodies.fields import (
    MAX_INTEGER,
    AssistantId,
    CallId,
    LongText,
    Metadata,
    Model,
    Part,
    RequestBody,
    Temperature,
    ToolOutputText,
    TopP,
)
from threadkeep.wire.bodies.messages import NewMessages
from threadkeep.wire.bodies.response_format import ResponseFormat, response_format_json
from threadkeep.wire.bodies.threads import CreateThread
from threadkeep.wire.bodies.tools import Tool, ToolChoice, ToolResources, tools_json

T = TypeVar("T")

Budget = Annotated[int, Field(ge=256, le=MAX_INTEGER)]
MessageCount = Annotated[int, Field(ge=1, le=MAX_INTEGER)]


class AutoTruncation(Part):
    """As many messages as fit."""

    type: Literal["auto"]
    last_messages: MessageCount | None = None


class LastMessages(Part):
    """The newest messages only."""

    type: Literal["last_messages"]
    last_messages: MessageCount


TruncationStrategy = Annotated[AutoTruncation | LastMessages, Discriminator("type")]


class _Run(RequestBody):
    """What both ways to create a run have in common."""

    assistant_id: AssistantId
    model: Model | None = None
    reasoning_effort: ReasoningEffort | None = None
    instructions: LongText | None = None
    tools: Annotated[list[Tool], Field(max_length=20, fail_fast=True)] | None = None
    metadata: Metadata | None = None
    temperature: Temperature | None = None
    top_p: TopP | None = None
    stream: bool | None = None
    max_prompt_tokens: Budget | None = None
    max_completion_tokens: Budget | None = None
    truncation_strategy: TruncationStrategy | None = None
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None

    def snapshot(
        self, thread_id: str, assistant: Assistant, now: int, expires_at: int
    ) -> RunSnapshot:
        """What the run is to be: by the request, else the assistant, else the defaults."""
        format_ = (
            None if self.response_format is None else response_format_json(self.response_format)
        )
        return RunSnapshot(
            thread_id=thread_id,
            assistant_id=assistant.id,
            created_at=now,
            expires_at=expires_at,
            model=_given(self.model, assistant.model),
            instructions=self._instructions(assistant),
            tools=assistant.tools if self.tools is None else tools_json(self.tools),
            tool_resources=self._tool_resources(),
            metadata=self.metadata or {},
            temperature=_given(self.temperature, assistant.temperature),
            top_p=_given(self.top_p, assistant.top_p),
            reasoning_effort=self.reasoning_effort or assistant.reasoning_effort,
            response_format=_given(format_, assistant.response_format),
            tool_choice=_tool_choice_json(self.tool_choice),
            parallel_tool_calls=_given(self.parallel_tool_calls, default=True),
            max_prompt_tokens=self.max_prompt_tokens,
            max_completion_tokens=self.max_completion_tokens,
            truncation_strategy=_truncation_json(self.truncation_strategy),
            streamed=bool(self.stream),
        )

    def _instructions(self, assistant: Assistant) -> str | None:
        return _given(self.instructions, assistant.instructions)

    def _tool_resources(self) -> JSONObject:
        return {}


class CreateRun(_Run):
    """POST /threads/{thread_id}/runs."""

    additional_instructions: LongText | None = None
    additional_messages: NewMessages | None = None

    def _instructions(self, assistant: Assistant) -> str | None:
        """Additional instructions follow those that apply, on a line of their own."""
        texts = (super()._instructions(assistant), self.additional_instructions)
        return "\n".join(text for text in texts if text) or texts[0]


class CreateThreadAndRun(_Run):
    """POST /threads/runs. `tool_resources` are the run's; the thread's are inside `thread`."""

    thread: CreateThread | None = None
    tool_resources: ToolResources | None = None

    def _tool_resources(self) -> JSONObject:
        return self.tool_resources.to_json() if self.tool_resources else {}


class ToolOutput(Part):
    """What a function of the app's gave."""

    tool_call_id: CallId
    output: ToolOutputText = ""


class SubmitToolOutputs(RequestBody):
    """POST /threads/{thread_id}/runs/{run_id}/submit_tool_outputs."""

    tool_outputs: list[ToolOutput]
    stream: bool | None = None


class ModifyRun(RequestBody):
    """POST /threads/{thread_id}/runs/{run_id}. Null clears, absence leaves alone."""

    metadata: Metadata | None = None

    def applied_to(self, run: Run) -> Run:
        """The run after this: metadata replaced whole."""
        if "metadata" not in self.model_fields_set:
            return run
        return replace(run, metadata=self.metadata or {})


def _given(value: T | None, default: T) -> T:
    return default if value is None else value


def _tool_choice_json(choice: ToolChoice | None) -> str | JSONObject:
    if choice is None or isinstance(choice, str):
        return choice or "auto"
    return choice.model_dump()


def _truncation_json(strategy: TruncationStrategy | None) -> JSONObject:
    return (strategy or AutoTruncation(type="auto")).model_dump()
