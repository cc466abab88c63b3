"""What one model turn is asked, within what the run may still spend."""

from collections.abc import Sequence
from dataclasses import dataclass

from threadkeep.domain.context import (
    chat_messages,
    fitting,
    mentions_json,
    message_tokens,
    tokens,
)
from threadkeep.domain.objects import JSONObject, LastError, Run, RunStep, Usage
from threadkeep.domain.run_state import CUT, FAIL
from threadkeep.execution.engine import Ended
from threadkeep.providers.catalogue import Entry
from threadkeep.providers.port import ChatRequest
from threadkeep.store.items import dump
from threadkeep.store.keys import RunRef
from threadkeep.store.store import Store

_PAGE = 200  # messages that one read of the thread brings
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
    completion_left = _left(run.max_completion_tokens, spent.completion_tokens)
    if completion_left is not None and completion_left <= 0:
        return Ended(CUT, incomplete_reason="max_completion_tokens")
    steps = store.run_steps.completed(ref) if run.steps else ()
    if len(steps) >= entry.max_turns:
        text = f"The run was ended after {entry.max_turns} model turns."
        return Ended(FAIL, error=LastError(code="server_error", message=text))
    prompt_left = _left(run.max_prompt_tokens, spent.prompt_tokens)
    window = entry.context_window if prompt_left is None else min(prompt_left, entry.context_window)
    fixed = tokens((run.instructions or "") + dump(run.tools) + _said(steps))
    messages = fitting(
        store.messages.newest(ref.thread, _PAGE),
        lambda: store.messages.first(ref.thread),
        run,
        window - fixed,
    )
    cost = fixed + sum(map(message_tokens, messages))
    if prompt_left is not None and cost > prompt_left:
        return Ended(CUT, incomplete_reason="max_prompt_tokens")
    told = chat_messages(run, messages, steps)
    if _kind(run.response_format) == "json_object" and not mentions_json(told):
        return Ended(FAIL, error=LastError(code="invalid_prompt", message=_NO_JSON))
    request = ChatRequest(
        model=entry.model,
        messages=told,
        temperature=run.temperature,
        top_p=run.top_p,
        tools=run.tools,
        tool_choice=_tool_choice(run, steps),
        parallel_tool_calls=run.parallel_tool_calls,
        response_format=run.response_format,
        reasoning_effort=run.reasoning_effort,
        max_completion_tokens=completion_left,
    )
    return Prompt(request, cost)


def _left(budget: int | None, spent: int) -> int | None:
    return None if budget is None else budget - spent


def _said(steps: Sequence[RunStep]) -> str:
    """The arguments and outputs of the run's own calls, which the prompt repeats."""
    return "".join(dump(step.step_details) for step in steps if step.type == "tool_calls")


def _tool_choice(run: Run, steps: Sequence[RunStep]) -> str | JSONObject:
    """A call is forced in the first turn only: forced in each, the run would never end."""
    return run.tool_choice if not steps or run.tool_choice == "none" else "auto"


def _kind(value: str | JSONObject) -> object:
    return value if isinstance(value, str) else value["type"]
