"""A model turn of a run: the step that it makes, and the message if it answers with text.

Their ids are fixed by the run and the number of the turn, so a turn that is done again writes the
same ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from threadkeep.domain.content import TextPart
from threadkeep.domain.objects import Message
from threadkeep.domain.run_state import Transition, unwritten_end
from threadkeep.domain.runs import LastError, Run, RunStep, RunStepType, Usage
from threadkeep.domain.tool_calls import ToolCall, with_outputs

# Why a message that was begun is incomplete, by the status its run ended in.
INCOMPLETE_REASONS = {
    "incomplete": "max_tokens",
    "failed": "run_failed",
    "expired": "run_expired",
    "cancelled": "run_cancelled",
}


@dataclass(frozen=True)
class ClosedTurn:
    """A turn that is over: what is to be stored of it."""

    step: RunStep
    message: Message | None = None


@dataclass(frozen=True)
class OpenTurn:
    """A turn that a run has under way, as far as it has come."""

    step: RunStep
    message: Message | None = None

    @staticmethod
    def begun(run: Run, type_: RunStepType, now: int) -> "OpenTurn":
        """The turn that `run` has just begun, before its first piece."""
        if type_ == "tool_calls":
            return OpenTurn(_begun_step(run, type_, now))
        step = replace(_begun_step(run, type_, now), message_id=run.open_message_id)
        return OpenTurn(step, _begun_message(run, now))

    def saying(self, text: str) -> "OpenTurn":
        """The turn with this text, if it makes a message."""
        return replace(self, message=self.message and said(self.message, text))

    def calling(self, calls: Sequence[ToolCall]) -> "OpenTurn":
        """The turn with these calls."""
        return replace(self, step=replace(self.step, calls=tuple(calls)))

    def costing(self, usage: Usage | None) -> "OpenTurn":
        """The turn with its price."""
        return replace(self, step=replace(self.step, usage=usage))

    def ended_by(
        self,
        transition: Transition,
        now: int,
        error: LastError | None = None,
        message_reason: str | None = None,
    ) -> ClosedTurn:
        """The turn as it ends with its run. `message_reason`: why its message is incomplete."""
        message = self.message and ended_message(self.message, transition, now, message_reason)
        return ClosedTurn(ended_step(self.step, transition, now, error), message)


def ended_step(
    step: RunStep, transition: Transition, now: int, error: LastError | None = None
) -> RunStep:
    """The open step as it ends with its run."""
    over = replace(step, expires_at=None)
    match transition.step:
        case "completed":
            return replace(over, status="completed", completed_at=now)
        case "failed":
            return replace(over, status="failed", failed_at=now, last_error=error and _shown(error))
        case "cancelled":
            return replace(over, status="cancelled", cancelled_at=now)
        case "expired":
            return replace(over, status="expired", expired_at=now)
        case _:
            raise AssertionError(f"{transition} ends no step")


def ended_message(
    message: Message, transition: Transition, now: int, reason: str | None = None
) -> Message:
    """The begun message as it ends with its run; `reason`: why, if the model said it itself."""
    if transition.target not in INCOMPLETE_REASONS:
        return replace(message, status="completed", completed_at=now)
    why = reason or INCOMPLETE_REASONS[transition.target]
    return replace(message, status="incomplete", incomplete_at=now, incomplete_reason=why)


def effective_step(step: RunStep, run: Run, now: float) -> RunStep:
    """The step as readers see it at `now`: over if its run is, and nobody has written that."""
    ending = unwritten_end(run, now)
    return ended_step(step, ending, run.expires_at) if ending and step.begun else step


def effective_message(message: Message, run: Run, now: float) -> Message:
    """The message as readers see it at `now`: over if its run is, and nobody has written that."""
    ending = unwritten_end(run, now)
    return ended_message(message, ending, run.expires_at) if ending and message.begun else message


def said(message: Message, text: str) -> Message:
    """The message with this text."""
    return replace(message, content=(TextPart(text),))


def answered_step(step: RunStep, outputs: Sequence[tuple[str, str]], now: int) -> RunStep:
    """The step completed by outputs, pairs of call id and output; InvalidRequest if they differ."""
    calls = with_outputs(step.calls, outputs)
    return replace(step, status="completed", completed_at=now, expires_at=None, calls=calls)


def _begun_step(run: Run, type_: RunStepType, now: int) -> RunStep:
    return RunStep(
        id=run.open_step_id,
        run_id=run.id,
        thread_id=run.thread_id,
        assistant_id=run.assistant_id,
        created_at=now,
        expires_at=run.expires_at,
        type=type_,
    )


def _begun_message(run: Run, now: int) -> Message:
    return Message(
        id=run.open_message_id,
        thread_id=run.thread_id,
        created_at=now,
        role="assistant",
        content=(),
        status="in_progress",
        assistant_id=run.assistant_id,
        run_id=run.id,
    )


def _shown(error: LastError) -> LastError:
    """The error as a step has it: the API's steps know no `invalid_prompt`."""
    return replace(error, code="server_error") if error.code == "invalid_prompt" else error
