"""The step and the message that a model turn makes.

Their ids are fixed by the run and the number of the turn, so a turn that is done again writes the
same ones. `run` is the run in which the turn is the open one.
"""

from dataclasses import replace
from typing import Any

from threadkeep.domain.objects import Message, Run, RunStep
from threadkeep.domain.run_state import INCOMPLETE_REASONS, Transition, unwritten_end


def text_step(run: Run, now: int) -> RunStep:
    """The step of a turn that answers with text, as it begins."""
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


def begun_message(run: Run, now: int) -> Message:
    """The message of a turn that answers with text, before its first piece."""
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


def message_ends(transition: Transition, now: int) -> dict[str, Any]:
    """What becomes of the begun message when its run ends by this transition, as fields."""
    reason = INCOMPLETE_REASONS.get(transition.target)
    if reason is None:
        return {"status": "completed", "completed_at": now}
    return {"status": "incomplete", "incomplete_at": now, "incomplete_reason": reason}


def effective_message(message: Message, run: Run, now: float) -> Message:
    """The message as readers see it at `now`: over if its run is, and nobody has written that."""
    ending = unwritten_end(run, now)
    if not message.begun or ending is None:
        return message
    return replace(message, **message_ends(ending, run.expires_at))


def said(message: Message, text: str) -> Message:
    """The message with this text."""
    return replace(message, content=({"type": "text", "text": {"value": text, "annotations": []}},))
