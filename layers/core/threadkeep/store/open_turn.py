"""The actions that close or undo the turn under way, for others than the attempt that began it."""

from threadkeep.domain.objects import LastError, Message, Run, RunStep
from threadkeep.domain.run_state import Transition, step_ends
from threadkeep.domain.turns import message_ends
from threadkeep.store.actions import Action, Delete, Update
from threadkeep.store.items import changed
from threadkeep.store.keys import RunRef
from threadkeep.store.run_steps import step_key
from threadkeep.store.tables import MESSAGES, RUN_STEPS


def close_open_turn(
    ref: RunRef, run: Run, transition: Transition, now: int, error: LastError | None
) -> list[Action]:
    """Close the step and the message that `run` has open, if it has any, as far as they got."""
    actions: list[Action] = []
    if run.open_step:
        ends = changed(RunStep, step_ends(transition, now, None, error))
        actions.append(Update(RUN_STEPS, step_key(ref, run.open_step_id), ends))
    if run.open_step == "message_creation":
        key = {**ref.thread.key, "message_id": run.open_message_id}
        actions.append(Update(MESSAGES, key, changed(Message, message_ends(transition, now))))
    return actions


def undo_open_turn(ref: RunRef, run: Run) -> list[Action]:
    """Remove the step and the message that `run` has open: another attempt does the turn again."""
    actions: list[Action] = [Delete(RUN_STEPS, step_key(ref, run.open_step_id))]
    if run.open_step == "message_creation":
        key = {**ref.thread.key, "message_id": run.open_message_id}
        actions.append(Delete(MESSAGES, key))
    return actions
