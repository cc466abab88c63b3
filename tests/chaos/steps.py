"""The steps of the run machine: what is done, and what an app must be answered.

A step is chosen by its name and two numbers. It gives a thunk and the text of the error that the
contract wants for what is there now: None for success. Machinery answers nobody.
"""

from collections.abc import Callable
from functools import partial

from tests.chaos.world import World
from tests.scripted_provider import USAGE
from threadkeep.domain.run_state import ASK_TO_CANCEL, CANCEL_IDLE, CREATE, SUBMIT
from threadkeep.domain.runs import Run
from threadkeep.execution.watch import Interrupted
from threadkeep.providers.port import CallBegan, Chunk, Failed, Finished, Text

Todo = tuple[Callable[[], str | None], str | None]
Step = Callable[[World, int, int], Todo]

CHUNKS: list[Chunk | Interrupted] = [
    Text("So"),
    CallBegan(0, "call_1", "f"),
    Finished("stop", USAGE),
    Text(" it is"),
    CallBegan(1, "call_2", "f"),
    Finished("length", USAGE),
    Failed("server_error", "Trouble"),
    Interrupted.CANCELLED,
    Interrupted.DEADLINE,
]


def create_run(world: World, n: int, _m: int) -> Todo:
    refusal = _if_active(world, "Thread {} already has an active run {}.")
    return partial(world.create_run, streamed=n % 3 == 0), refusal


def add_message(world: World, _n: int, _m: int) -> Todo:
    return world.add_message, _if_active(
        world, "Can't add messages to {} while a run {} is active."
    )


def delete_message(world: World, n: int, _m: int) -> Todo:
    messages = world.invariants.messages(world.thread_id)
    if not messages:
        return _nothing()
    refusal = _if_active(world, "Can't delete messages from {} while a run {} is active.")
    return partial(world.delete_message, messages[-1 - n % len(messages)].id), refusal


def change_metadata(world: World, n: int, _m: int) -> Todo:
    messages, runs = world.invariants.messages(world.thread_id), world.runs
    paths = [f"/messages/{m.id}" for m in messages[-2:]] + [f"/runs/{r.id}" for r in runs[-2:]]
    return (partial(world.change_metadata, paths[n % len(paths)]), None) if paths else _nothing()


def delete_thread(world: World, _n: int, _m: int) -> Todo:
    return world.delete_thread, None


def submit(world: World, n: int, m: int) -> Todo:
    run = _some_run(world, n)
    if run is None:
        return _nothing()
    wanted, status = world.awaited(run), world.status(run)
    given = ["call_x"] if m % 4 == 0 or not wanted else wanted
    refusal = None
    if status not in SUBMIT.sources:
        refusal = f'Runs in status "{status}" do not accept tool outputs.'
    elif given != wanted:
        refusal = f"Expected tool outputs for call_ids {wanted}, got {given}"
    return partial(world.submit, run, *given, streamed=m % 3 == 0), refusal


def cancel(world: World, n: int, _m: int) -> Todo:
    run = _some_run(world, n)
    if run is None:
        return _nothing()
    status, possible = world.status(run), {*CANCEL_IDLE.sources, *ASK_TO_CANCEL.sources}
    refusal = None if status in possible else f"Cannot cancel run with status '{status}'."
    return partial(world.cancel, run), refusal


def dispatch(world: World, n: int, _m: int) -> Todo:
    return partial(world.dispatch, n % 3), None


def clean(world: World, _n: int, _m: int) -> Todo:
    return world.clean, None


def take_up(world: World, n: int, _m: int) -> Todo:
    """An execution starts its leg, or starts it once more."""
    executions = list(world.executions.values())[::-1]
    return (
        (partial(world.take_up, *executions[n % 4 % len(executions)]), None)
        if executions
        else _nothing()
    )


def settle(world: World, n: int, _m: int) -> Todo:
    executions = list(world.executions.values())[::-1]
    return (
        (partial(world.settle, *executions[n % 4 % len(executions)]), None)
        if executions
        else _nothing()
    )


def work(world: World, n: int, m: int) -> Todo:
    """The newest worker goes on, or one that may be a zombie."""
    if not world.workers:
        return _nothing()
    worker = world.workers[-1 - n // 4 % len(world.workers)]
    return partial(world.work, worker, CHUNKS[m % len(CHUNKS)]), None


def look(world: World, n: int, _m: int) -> Todo:
    if not world.workers:
        return _nothing()
    return partial(world.look, world.workers[-1 - n // 4 % len(world.workers)]), None


def proceed(world: World, n: int, m: int) -> Todo:
    """What moves the active run on, so that much of what happens happens deep in a run."""
    run = world.active()
    if run is None:
        return create_run(world, n, m)
    if run.status == CREATE.target:
        started = [each for each in world.executions.values() if each[0].run_id == run.id]
        todo = partial(world.take_up, *started[-1]) if len(started) == run.leg else world.dispatch
        return todo, None
    if run.status in SUBMIT.sources:
        return partial(world.submit, run, *world.awaited(run)), None
    return work(world, 0, m)


def _if_active(world: World, text: str) -> str | None:
    """The error, naming the thread and the run that holds it, if one does."""
    active = world.active()
    return text.format(world.thread_id, active.id) if active else None


def _some_run(world: World, n: int) -> Run | None:
    """One of the thread's runs, the newest more often than the others."""
    runs = world.runs[::-1]
    return runs[n % 4 % len(runs)] if runs else None


def _nothing() -> Todo:
    return lambda: None, None


STEPS: dict[str, Step] = {
    step.__name__: step
    for step in (
        add_message,
        cancel,
        change_metadata,
        clean,
        create_run,
        delete_message,
        delete_thread,
        dispatch,
        look,
        proceed,
        settle,
        submit,
        take_up,
        work,
    )
}
OFTEN = ["proceed"] * 12 + ["work"] * 4 + ["take_up"] * 2 + sorted(STEPS)
