"""The actions that write a turn: its step, and its message if it makes one."""

from threadkeep.domain.references import RunRef
from threadkeep.domain.turns import ClosedTurn, OpenTurn
from threadkeep.store.actions import Action, Delete
from threadkeep.store.contents import end_message, put_message
from threadkeep.store.held_run import HeldRun
from threadkeep.store.keys import key_of
from threadkeep.store.run_steps import put_step, step_key
from threadkeep.store.tables import MESSAGES, RUN_STEPS


def opening(ref: RunRef, turn: OpenTurn) -> list[Action]:
    """Write a turn that begins."""
    message = put_message(ref.thread, turn.message) if turn.message else []
    return [*put_step(ref, turn.step), *message]


def closing(ref: RunRef, turn: ClosedTurn | None) -> list[Action]:
    """Write the end of a turn, if there is one."""
    if turn is None:
        return []
    message = end_message(ref.thread, turn.message) if turn.message else []
    return [*put_step(ref, turn.step), *message]


def undoing(held: HeldRun) -> list[Action]:
    """Remove the step and the message that the run has open: its turn is done again."""
    ref, run = held.ref, held.run
    actions: list[Action] = [Delete(RUN_STEPS, step_key(ref, run.open_step_id))]
    if run.open_step == "message_creation":
        key = {**key_of(ref.thread), "message_id": run.open_message_id}
        actions.append(Delete(MESSAGES, key))
    return actions
