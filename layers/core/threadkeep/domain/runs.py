"""A run and its steps as values. Times are Unix seconds; users' JSON stays plain dicts and lists.

Nothing here is changed in place: a new state is `dataclasses.replace`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from threadkeep.domain.ids import of_run
from threadkeep.domain.json_values import (
    JSON,  # noqa: F401  (type hints are evaluated here, and name it)
    JSONObject,
)
from threadkeep.domain.tool_calls import ToolCall

RunStatus = Literal[
    "queued",
    "in_progress",
    "requires_action",
    "cancelling",
    "cancelled",
    "failed",
    "completed",
    "incomplete",
    "expired",
]
RunStepType = Literal["message_creation", "tool_calls"]
RunStepStatus = Literal["in_progress", "cancelled", "failed", "completed", "expired"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens, of a model turn or of several."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0

    @property
    def total(self) -> int:
        """Prompt and completion; cached and reasoning tokens are parts of these."""
        return self.prompt_tokens + self.completion_tokens

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            reasoning_tokens=self.reasoning_tokens + other.reasoning_tokens,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LastError:
    """Why a run or a step failed. Shown to the app: holds no key and no prompt."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSnapshot:
    """What a run is asked to be, as it was when it was created. It has no id yet."""

    thread_id: str
    assistant_id: str
    created_at: int
    expires_at: int
    model: str
    instructions: str | None = None
    tools: Sequence[JSONObject] = ()
    tool_resources: JSONObject = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    temperature: float = 1.0
    top_p: float = 1.0
    reasoning_effort: str | None = None
    response_format: str | JSONObject = "auto"
    tool_choice: str | JSONObject = "auto"
    parallel_tool_calls: bool = True
    max_prompt_tokens: int | None = None
    max_completion_tokens: int | None = None
    truncation_strategy: JSONObject = field(
        default_factory=lambda: {"type": "auto", "last_messages": None}
    )
    streamed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Run(RunSnapshot):
    """A run: its snapshot, and its state.

    `leg` counts how often it was queued; the highest `attempt` may write; `steps` counts the steps
    begun, `open_step` is the type of the one under way. The calls that wait for the app's outputs
    lie on the open step, `pending_calls` has them for readers. `abandoned`: its thread was deleted
    under it.
    """

    id: str
    status: RunStatus
    leg: int = 1
    attempt: int = 0
    queued_at: int = 0
    steps: int = 0
    open_step: RunStepType | None = None
    abandoned: bool = False
    started_at: int | None = None
    cancelled_at: int | None = None
    failed_at: int | None = None
    completed_at: int | None = None
    last_error: LastError | None = None
    incomplete_reason: str | None = None
    usage: Usage | None = None
    pending_calls: Sequence[ToolCall] = field(default=(), metadata={"stored": False})

    @property
    def open_step_id(self) -> str:
        """The id of the step under way: fixed by the run and the step's number."""
        return of_run("step", self.id, self.steps - 1)

    @property
    def open_message_id(self) -> str:
        """The id of the message that the step under way makes."""
        return of_run("msg", self.id, self.steps - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStep:
    """A model turn of a run: it makes the message `message_id`, or `calls` functions."""

    id: str
    run_id: str
    thread_id: str
    assistant_id: str
    created_at: int
    type: RunStepType
    status: RunStepStatus = "in_progress"
    message_id: str | None = None
    calls: Sequence[ToolCall] = ()
    expires_at: int | None = None
    usage: Usage | None = None
    cancelled_at: int | None = None
    completed_at: int | None = None
    failed_at: int | None = None
    expired_at: int | None = None
    last_error: LastError | None = None

    @property
    def begun(self) -> bool:
        """Whether its end is still to be written."""
        return self.status == "in_progress"
