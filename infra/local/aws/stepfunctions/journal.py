"""State machines and executions in one SQLite file.

A row says what its execution is about to do, and is committed before that is done: a killed
process loses nothing, and what was under way is done again. The caller serialises all calls.
"""

import json
import sqlite3
from pathlib import Path
from typing import Any

from infra.local.aws.dynamodb.storage import BUSY_SECONDS
from infra.local.aws.stepfunctions.execution import Execution

_VERSION = 1
# A file of another version is emptied: at the start each active run gets an execution anyway.
_EMPTY = """
DROP TABLE IF EXISTS definitions;
DROP TABLE IF EXISTS machines;
DROP TABLE IF EXISTS executions;
"""
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS machines (arn PRIMARY KEY, source NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS executions (
  arn PRIMARY KEY, machine, input, started,
  state, data, tries, due, status, stopped, error, cause
) WITHOUT ROWID;
PRAGMA user_version = {_VERSION};
CREATE INDEX IF NOT EXISTS running ON executions (started) WHERE status = 'RUNNING';
"""


class Journal:
    """The file. A process may end without `close`."""

    def __init__(self, path: Path, *, durable: bool = False) -> None:
        self._database = sqlite3.connect(
            path, BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        self._database.execute("PRAGMA journal_mode = WAL")
        ((version,),) = self._database.execute("PRAGMA user_version")
        self._database.executescript(("" if version == _VERSION else _EMPTY) + _SCHEMA)
        self._database.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")

    def close(self) -> None:
        self._database.close()

    def define(self, machine: str, source: str) -> None:
        """Executions have this definition. Those under way with another one are forgotten: none is
        ever in a state that its machine does not have.
        """
        query = "SELECT 1 FROM machines WHERE arn = ? AND source = ?"
        if self._database.execute(query, (machine, source)).fetchone():
            return
        forget = "DELETE FROM executions WHERE machine = ? AND status = 'RUNNING'"
        self._database.execute(forget, (machine,))
        self._database.execute("REPLACE INTO machines VALUES (?, ?)", (machine, source))

    def machines(self) -> dict[str, str]:
        """The definition of each state machine, by its ARN."""
        return dict(self._database.execute("SELECT arn, source FROM machines"))

    def save(self, execution: Execution) -> None:
        row = {**vars(execution), "tries": json.dumps(execution.tries)}
        self._database.execute(
            "REPLACE INTO executions VALUES (:arn, :machine, :input, :started, :state, :data,"
            " :tries, :due, :status, :stopped, :error, :cause)",
            row,
        )

    def find(self, arn: str) -> Execution | None:
        query = "SELECT * FROM executions WHERE arn = ?"
        return next((_execution(row) for row in self._database.execute(query, (arn,))), None)

    def running(self) -> list[Execution]:
        query = "SELECT * FROM executions WHERE status = 'RUNNING' ORDER BY started"
        return [_execution(row) for row in self._database.execute(query)]

    def forget_group(self, prefix: str, kept: str) -> None:
        """Drop the executions whose ARN begins with `prefix`, but for `kept` if it is running."""
        self._database.execute(
            "DELETE FROM executions WHERE arn >= ? AND arn < ? AND NOT (arn = ? AND status = ?)",
            (prefix, f"{prefix}~", kept, "RUNNING"),
        )

    def forget(self, before: float) -> None:
        """Drop what ended before a time; its name may be used again."""
        self._database.execute("DELETE FROM executions WHERE stopped < ?", (before,))


def _execution(row: tuple[Any, ...]) -> Execution:
    execution = Execution(*row)
    execution.tries = json.loads(row[6])
    return execution
