"""The open turn of a run whose executor has left it: it waits for outputs, or is dead.

What readers have seen of a turn is what it ends with: nobody sees two versions. What the turn of an
unstreamed run had said is lost with its executor.
"""

from collections.abc import Iterable

from threadkeep.domain.events import CallDelta, TextDelta
from threadkeep.domain.tool_calls import ToolCall
from threadkeep.domain.turns import OpenTurn
from threadkeep.store.held_run import HeldRun
from threadkeep.store.store import Store


def left_turn(held: HeldRun, store: Store) -> OpenTurn | None:
    """The turn that the run has open, if it has one. It may be stale: each end is conditional.

    Nothing but deltas follows the row in which a turn begins, until the turn is over or another
    attempt takes the run. So the last row tells whether readers have seen a piece.
    """
    ref, run = held.ref, held.run
    step = store.run_steps.read(ref, run.open_step_id) if run.open_step else None
    if step is None:
        return None
    creates_message = step.type == "message_creation"
    message = store.messages.read(ref.thread, run.open_message_id) if creates_message else None
    turn = OpenTurn(step, message)
    if not held.turn_was_shown:
        return turn
    shown = store.run_events.shown_of(ref, run.open_step_id, run.open_message_id)
    if creates_message:
        return turn.saying("".join(d.text for d in shown if isinstance(d, TextDelta)))
    return turn.calling(_calls(shown))


def _calls(shown: Iterable[TextDelta | CallDelta]) -> list[ToolCall]:
    calls: list[tuple[str, str, list[str]]] = []
    for delta in shown:
        if isinstance(delta, CallDelta) and delta.call_id:
            calls.append((delta.call_id, delta.name, []))
        elif isinstance(delta, CallDelta):
            calls[delta.index][2].append(delta.arguments)
    return [ToolCall(id_, name, "".join(arguments)) for id_, name, arguments in calls]
