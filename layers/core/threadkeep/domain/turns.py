"""A model turn of a run: the step that it makes, and the message if it answers with text.

Their ids are fixed by the run and the number of the turn, so a turn that is done again writes the
same ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from threadkeep.domain.endings import ended_message, ended_step
from threadkeep.domain.objects import LastError, Message, Run, RunStep, RunStepType, Usage
from threadkeep.domain.run_state import Transition
from threadkeep.domain.tool_calls import FunctionCall, tool_calls_step


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
            return OpenTurn(tool_calls_step(run, now))
        return OpenTurn(_text_step(run, now), _begun_message(run, now))

    def saying(self, text: str) -> "OpenTurn":
        """The turn with this text, if it makes a message."""
        return replace(self, message=self.message and said(self.message, text))

    def calling(self, calls: Sequence[FunctionCall], run: Run) -> "OpenTurn":
        """The turn of `run` with these calls."""
        made = tool_calls_step(run, self.step.created_at, calls)
        return replace(self, step=replace(made, usage=self.step.usage))

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


def said(message: Message, text: str) -> Message:
    """The message with this text."""
    return replace(message, content=({"type": "text", "text": {"value": text, "annotations": []}},))


def _text_step(run: Run, now: int) -> RunStep:
    return RunStep(
        id=run.open_step_id,
        run_id=run.id,
        thread_id=run.thread_id,
        assistant_id=run.assistant_id,
        created_at=now,
        expires_at=run.expires_at,
        type="message_creation",
        step_details={
            "type": "message_creation",
            "message_creation": {"message_id": run.open_message_id},
        },
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
