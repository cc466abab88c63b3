"""Function calls, as they lie on a `tool_calls` step and as the API shows them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from threadkeep.domain.errors import InvalidRequest
from threadkeep.domain.objects import JSONObject, Run, RunStatus, RunStep

# Characters in the id of a call. Some gateways hide a signature of the model's thoughts in it.
MAX_CALL_ID = 10_000


@dataclass(frozen=True)
class FunctionCall:
    """A call that the model made. `arguments` is its text, whether or not that is JSON."""

    id: str
    name: str
    arguments: str


def tool_calls_step(run: Run, now: int, calls: Sequence[FunctionCall] = ()) -> RunStep:
    """The step of a turn that calls functions; `run` has it as its open one."""
    return RunStep(
        id=run.open_step_id,
        run_id=run.id,
        thread_id=run.thread_id,
        assistant_id=run.assistant_id,
        created_at=now,
        expires_at=run.expires_at,
        type="tool_calls",
        step_details={"type": "tool_calls", "tool_calls": [_on_step(call) for call in calls]},
    )


def calls_of(step: RunStep) -> Sequence[Mapping[str, Any]]:
    """The calls on a step, with `output` null until it is submitted."""
    calls: Sequence[Mapping[str, Any]] = step.step_details["tool_calls"]  # type: ignore[assignment]
    return calls


def pending_calls(step: RunStep) -> Sequence[JSONObject]:
    """The step's calls without outputs, as `required_action` and the model are told them."""
    return tuple(
        {
            "id": call["id"],
            "type": "function",
            "function": {name: call["function"][name] for name in ("name", "arguments")},
        }
        for call in calls_of(step)
    )


def with_outputs(step: RunStep, outputs: Sequence[tuple[str, str]], now: int) -> RunStep:
    """The step completed by outputs for (call id, output); refused unless each call has one."""
    wanted, given = [str(call["id"]) for call in calls_of(step)], [id_ for id_, _ in outputs]
    if sorted(wanted) != sorted(given):
        text = f"Expected tool outputs for call_ids {wanted}, got {given}"
        raise InvalidRequest(text)
    by_id = dict(outputs)
    answered = [
        {**call, "function": {**call["function"], "output": by_id[call["id"]]}}
        for call in calls_of(step)
    ]
    return replace(
        step,
        status="completed",
        completed_at=now,
        expires_at=None,
        step_details={"type": "tool_calls", "tool_calls": answered},
    )


def refuse_outputs(status: RunStatus) -> InvalidRequest:
    """The error for outputs that the run does not wait for."""
    return InvalidRequest(f'Runs in status "{status}" do not accept tool outputs.')


def _on_step(call: FunctionCall) -> dict[str, Any]:
    function = {"name": call.name, "arguments": call.arguments, "output": None}
    return {"id": call.id, "type": "function", "function": function}
