"""Bad moments of the disk: whatever a worker of `serve` does just then, it does later.

A full disk, a lock that another program holds, no descriptors: SQLite raises an OperationalError.
Each statement of each worker fails once in a row of its own; then the disk is well again.
"""

import shutil
import sqlite3
import threading
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.test_tool_runs import submit
from tests.chat import asked
from tests.scripted_provider import (
    ONE,
    WEATHER,
    ScriptedCall,
    ScriptedProvider,
    Stall,
    calls,
    says,
)
from tests.system import System, running
from threadkeep.domain.run_state import ENDS
from threadkeep.providers.port import ChatRequest

FILES = ("dynamodb.db", "executions.db")
MOMENTS = ("queued", "in progress", "waiting", "queued again", "completed")
_IN_A_ROW = 3  # failures, longer than any try of a single call
_MOVING = 2.0  # fake seconds with each look, so that back-offs end


@dataclass
class Moment:
    """When the disk is bad: from statement `at` of the threads of this name on, so many times."""

    thread: str
    at: int
    left: int = _IN_A_ROW

    def check(self) -> None:
        if threading.current_thread().name != self.thread or not self.left:
            return
        self.at -= 1
        if self.at < 0:
            self.left -= 1
            raise sqlite3.OperationalError("database or disk is full")


class Connection:
    """A connection to a disk that has bad moments."""

    def __init__(self, connection: sqlite3.Connection, moment: Moment) -> None:
        self._connection = connection
        self._moment = moment

    def execute(self, *args: Any) -> sqlite3.Cursor:
        if not args[0].startswith("ROLLBACK"):  # SQLite's own, after the error
            self._moment.check()
        return self._connection.execute(*args)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def on_a_bad_disk(system: System, moment: Moment) -> None:
    """Both files of the system are on it."""
    storage: Any = system.local.dynamodb._storage
    journal: Any = system.local.states._journal
    storage._writer = Connection(storage._writer, moment)
    journal._database = Connection(journal._database, moment)
    connect = storage._connect
    storage._connect = lambda: Connection(connect(), moment)
    storage._idle = [Connection(connection, moment) for connection in storage._idle]


def text_run(system: System) -> dict[str, Any]:
    system.provider.script = says("Hello")
    return system.new_run("Hi")


def tool_run(system: System) -> dict[str, Any]:
    system.provider.script = calls(ONE)
    return system.new_run("Hi", tools=[WEATHER])


def expired_run(system: System) -> dict[str, Any]:
    run = tool_run(system)
    system.until(lambda: system.stored(run) == "requires_action", moving=_MOVING)
    return run


@pytest.mark.parametrize("thread", ["runs-dispatcher", "stepfunctions", "executor"])
def test_every_run_ends(tmp_path: Path, thread: str) -> None:
    """Whichever statement of whichever worker fails: the run that was acknowledged ends."""
    points = 0
    for at in count():
        moment = Moment(thread, at)
        folder = tmp_path / str(at)
        folder.mkdir()
        with running(folder, run_seconds=60) as system:
            on_a_bad_disk(system, moment)
            run = expired_run(system) if thread == "stepfunctions" else text_run(system)
            assert system.ended(run, moving=_MOVING)["status"] in ENDS
        shutil.rmtree(folder)
        if moment.left == _IN_A_ROW:
            break
        points += 1
    assert points > {"runs-dispatcher": 5, "stepfunctions": 0, "executor": 10}[thread]


def test_every_deleted_thread_is_cleaned_up(tmp_path: Path) -> None:
    """Whichever statement of the cleaner fails."""
    points = 0
    for at in count():
        moment = Moment("threads-cleaner", at)
        folder = tmp_path / str(at)
        folder.mkdir()
        with running(folder) as system:
            on_a_bad_disk(system, moment)
            run = text_run(system)
            system.ended(run, moving=_MOVING)
            system.request("DELETE", f"/threads/{run['thread_id']}", None, "acme")
            system.until(partial(gone, system), moving=_MOVING)
        shutil.rmtree(folder)
        if moment.left == _IN_A_ROW:
            break
        points += 1
    assert points > 5


def gone(system: System) -> bool:
    tables = ("runs", "run_steps", "messages")
    return not any(list(system.local.dynamodb.scan(table)) for table in tables)


class Provider(ScriptedProvider):
    """Calls a function, and is content with its output."""

    def start(self, request: ChatRequest) -> ScriptedCall:
        answered = asked(request)[-1]["role"] == "tool"
        return ScriptedCall(ScriptedProvider(says("Sunny") if answered else calls(ONE)), request)


def keep(state: Path, copy: Path) -> None:
    """A copy of the state folder at this moment."""
    copy.mkdir()
    for name in FILES:
        with (
            closing(sqlite3.connect(state / name)) as file,
            closing(sqlite3.connect(copy / name)) as other,
        ):
            file.backup(other)


@pytest.fixture(scope="module")
def moments(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A run with a call, and copies of the state in each moment of its life."""
    folder = tmp_path_factory.mktemp("moments")
    state = folder / "state"
    state.mkdir()
    system = System(state)
    run = tool_run(system)
    keep(state, folder / "queued")
    system.local.stop()
    with running(state, provider=ScriptedProvider([Stall()])) as system:
        system.until(lambda: system.provider.requests)
        keep(state, folder / "in progress")
    with running(state, provider=Provider()) as system:
        system.until(lambda: system.stored(run) == "requires_action")
        system.until(lambda: system.executing(f"{run['id']}-1"))
        keep(state, folder / "waiting")
    system = System(state)
    submit(system, run, call_1="sun")
    keep(state, folder / "queued again")
    system.local.stop()
    with running(state, provider=Provider()) as system:
        assert system.ended(run)["status"] == "completed"
        keep(state, folder / "completed")
    (folder / "lost").mkdir()
    return folder, run


@pytest.mark.parametrize("data", MOMENTS[:-1])
@pytest.mark.parametrize("executions", [*MOMENTS, "lost"])
def test_files_of_different_moments(
    tmp_path: Path, moments: tuple[Path, dict[str, Any]], data: str, executions: str
) -> None:
    """Brought back from a copy, or short of their last transactions after a power cut: at the
    start each run that the data says is going, goes on.
    """
    folder, run = moments
    shutil.copy(folder / data / "dynamodb.db", tmp_path)
    if executions != "lost":
        shutil.copy(folder / executions / "executions.db", tmp_path)
    with running(tmp_path, provider=Provider()) as system:
        over = {"completed", "requires_action"}
        system.until(lambda: system.stored(run) in over, moving=_MOVING)
        if system.stored(run) == "requires_action":
            submit(system, run, call_1="sun")
        assert system.ended(run, moving=_MOVING)["status"] == "completed"
        system.until(lambda: not system.executing(f"{run['id']}-2"), moving=_MOVING)


@pytest.mark.parametrize("executions", MOMENTS)
def test_a_cancel_outlives_the_executions(
    tmp_path: Path, moments: tuple[Path, dict[str, Any]], executions: str
) -> None:
    """A run that was being cancelled is cancelled at the next start, whatever has become of its
    execution.
    """
    folder, run = moments
    shutil.copy(folder / "in progress" / "dynamodb.db", tmp_path)
    system = System(tmp_path)
    system.post(f"/threads/{run['thread_id']}/runs/{run['id']}/cancel")
    system.local.stop()
    shutil.copy(folder / executions / "executions.db", tmp_path)
    with running(tmp_path, provider=Provider()) as system:
        assert system.ended(run, moving=_MOVING)["status"] == "cancelled"
