"""What one model turn is asked, within what the run may still spend."""

from collections.abc import Sequence
from dataclasses import dataclass

from threadkeep.domain.chat import ChatMessage
from threadkeep.domain.context import (
    fitting,
    fixed_tokens,
    mentions_json,
    message_tokens,
    prompt_of,
)
from threadkeep.domain.json_values import JSONObject
from threadkeep.domain.references import RunRef
from threadkeep.domain.run_state import CUT, FAIL
from threadkeep.domain.runs import LastError, Run, RunStep, Usage
from threadkeep.execution.engine import Ended
from threadkeep.providers.catalogue import Entry
from threadkeep.providers.port import ChatRequest
from threadkeep.store.store import Store

_PAGE = 200  # messages that one read of the thread brings
_ANSWER = 4_096  # tokens of the context window that are left to an answer without a budget
_SHARE = 4  # no more than a quarter of it is
_NO_JSON = (
    "'messages' must contain the word 'json' in some form, to use 'response_format' of type"
    " 'json_object'."
)


@dataclass(frozen=True)
class Prompt:
    """A turn to ask for, and an estimate of what it costs to ask."""

    request: ChatRequest
    tokens: int


def assemble(ref: RunRef, run: Run, entry: Entry, store: Store) -> Prompt | Ended:
    """The run's next turn, or why there is none."""
    spent = run.usage or Usage()
    answer_left = _left(run.max_completion_tokens, spent.completion_tokens)
    if answer_left is not None and answer_left <= 0:
        return Ended(CUT, incomplete_reason="max_completion_tokens")
    steps = store.run_steps.completed(ref) if run.steps else ()
    turns = sum(step.type == "tool_calls" for step in steps)  # each but the last ends with calls
    if turns >= entry.max_turns:
        return _failed("server_error", f"The run was ended after {entry.max_turns} model turns.")
    prompt_left = _left(run.max_prompt_tokens, spent.prompt_tokens)
    messages, cost = _messages(ref, run, steps, _room(entry, answer_left, prompt_left), store)
    if prompt_left is not None and cost > prompt_left:
        return Ended(CUT, incomplete_reason="max_prompt_tokens")
    if _kind(run.response_format) == "json_object" and not mentions_json(messages):
        return _failed("invalid_prompt", _NO_JSON)
    # A call is forced in the first turn only: forced in each, the run would never end.
    tool_choice = "auto" if turns and run.tool_choice != "none" else run.tool_choice
    return Prompt(_request(run, entry.model, messages, tool_choice, answer_left), cost)


def _room(entry: Entry, answer_left: int | None, prompt_left: int | None) -> int:
    """Tokens for the prompt: what the model takes and the run may spend, less room to answer."""
    window = entry.context_window
    answer = _ANSWER if answer_left is None else answer_left
    window -= min(answer, window // _SHARE)
    return window if prompt_left is None else min(window, prompt_left)


def _messages(
    ref: RunRef, run: Run, steps: Sequence[RunStep], room: int, store: Store
) -> tuple[list[ChatMessage], int]:
    """As much of the thread as there is room for, with what must be asked, and what that costs."""
    fixed = fixed_tokens(run, steps)
    messages = fitting(
        store.messages.newest(ref.thread, _PAGE),
        lambda: store.messages.first(ref.thread),
        run,
        room - fixed,
    )
    return prompt_of(run, messages, steps), fixed + sum(map(message_tokens, messages))


def _request(
    run: Run,
    model: str,
    messages: list[ChatMessage],
    tool_choice: str | JSONObject,
    answer_left: int | None,
) -> ChatRequest:
    return ChatRequest(
        model=model,
        messages=messages,
        temperature=run.temperature,
        top_p=run.top_p,
        tools=run.tools,
        tool_choice=tool_choice,
        parallel_tool_calls=run.parallel_tool_calls,
        response_format=run.response_format,
        reasoning_effort=run.reasoning_effort,
        max_completion_tokens=answer_left,
    )


def _failed(code: str, message: str) -> Ended:
    return Ended(FAIL, error=LastError(code=code, message=message))


def _left(budget: int | None, spent: int) -> int | None:
    return None if budget is None else budget - spent


def _kind(value: str | JSONObject) -> object:
    return value if isinstance(value, str) else value["type"]
