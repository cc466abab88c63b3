"""What answers about runs and their steps look like."""

from typing import Annotated, Literal

from pydantic import Discriminator, Field
from typing_extensions import TypedDict  # before 3.12, pydantic needs this one

from threadkeep.domain.runs import RunStatus, RunStepStatus, RunStepType
from threadkeep.wire.bodies.assistants import ReasoningEffort
from threadkeep.wire.bodies.fields import Metadata
from threadkeep.wire.shapes.parts import (
    AssistantId,
    MessageId,
    ResponseFormatObject,
    RunId,
    StepId,
    ThreadId,
    Time,
    Tokens,
    ToolObject,
    ToolResourcesObject,
)


class PromptTokenDetails(TypedDict):
    cached_tokens: Tokens


class CompletionTokensDetails(TypedDict):
    reasoning_tokens: Tokens


class UsageObject(TypedDict):
    prompt_tokens: Tokens
    completion_tokens: Tokens
    total_tokens: Tokens
    prompt_token_details: PromptTokenDetails
    completion_tokens_details: CompletionTokensDetails


class LastErrorObject(TypedDict):
    code: Literal["server_error", "rate_limit_exceeded", "invalid_prompt"]
    message: str


class RunIncompleteDetails(TypedDict):
    reason: Literal["max_completion_tokens", "max_prompt_tokens"]


class CalledFunctionObject(TypedDict):
    name: str
    arguments: str


class PendingCallObject(TypedDict):
    id: str
    type: Literal["function"]
    function: CalledFunctionObject


class PendingCallsObject(TypedDict):
    tool_calls: list[PendingCallObject]


class RequiredActionObject(TypedDict):
    type: Literal["submit_tool_outputs"]
    submit_tool_outputs: PendingCallsObject


class TruncationStrategyObject(TypedDict):
    type: Literal["auto", "last_messages"]
    last_messages: Annotated[int, Field(ge=1)] | None


class ChosenFunctionObject(TypedDict):
    name: str


class ChooseFunctionObject(TypedDict):
    type: Literal["function"]
    function: ChosenFunctionObject


class ChooseToolObject(TypedDict):
    type: Literal["code_interpreter", "file_search"]


ToolChoiceObject = (
    Literal["none", "auto", "required"]
    | Annotated[ChooseFunctionObject | ChooseToolObject, Discriminator("type")]
)


class RunObject(TypedDict):
    id: RunId
    object: Literal["thread.run"]
    created_at: Time
    assistant_id: AssistantId
    thread_id: ThreadId
    status: RunStatus
    started_at: Time | None
    expires_at: Time | None
    cancelled_at: Time | None
    failed_at: Time | None
    completed_at: Time | None
    required_action: RequiredActionObject | None
    last_error: LastErrorObject | None
    model: str
    instructions: str | None
    tools: list[ToolObject]
    tool_resources: ToolResourcesObject
    metadata: Metadata
    temperature: float
    top_p: float
    reasoning_effort: ReasoningEffort | None
    max_completion_tokens: Tokens | None
    max_prompt_tokens: Tokens | None
    truncation_strategy: TruncationStrategyObject
    incomplete_details: RunIncompleteDetails | None
    usage: UsageObject | None
    response_format: ResponseFormatObject
    tool_choice: ToolChoiceObject
    parallel_tool_calls: bool


class CreatedMessageObject(TypedDict):
    message_id: MessageId


class MessageCreationDetails(TypedDict):
    type: Literal["message_creation"]
    message_creation: CreatedMessageObject


class AnsweredFunctionObject(TypedDict):
    name: str
    arguments: str
    output: str | None


class ToolCallObject(TypedDict):
    id: str
    type: Literal["function"]
    function: AnsweredFunctionObject


class ToolCallsDetails(TypedDict):
    type: Literal["tool_calls"]
    tool_calls: list[ToolCallObject]


class RunStepObject(TypedDict):
    id: StepId
    object: Literal["thread.run.step"]
    created_at: Time
    run_id: RunId
    assistant_id: AssistantId
    thread_id: ThreadId
    type: RunStepType
    status: RunStepStatus
    cancelled_at: Time | None
    completed_at: Time | None
    expires_at: Time | None
    expired_at: Time | None
    failed_at: Time | None
    last_error: LastErrorObject | None
    step_details: Annotated[MessageCreationDetails | ToolCallsDetails, Discriminator("type")]
    usage: UsageObject | None
    metadata: Metadata
