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

_SCHEMA = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS definitions (number INTEGER PRIMARY KEY, source TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS machines (arn PRIMARY KEY, definition NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS executions (
  arn PRIMARY KEY, machine, definition, input, started,
  state, data, tries, due, status, stopped, error, cause
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS running ON executions (started) WHERE status = 'RUNNING';
"""


class Journal:
    """The file. A process may end without `close`."""

    def __init__(self, path: Path, *, durable: bool = False) -> None:
        self._database = sqlite3.connect(
            path, BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        self._database.executescript(_SCHEMA)
        self._database.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")

    def close(self) -> None:
        self._database.close()

    def define(self, machine: str, source: str) -> None:
        """From now on executions start with this definition; those under way keep theirs."""
        self._database.execute("INSERT OR IGNORE INTO definitions (source) VALUES (?)", (source,))
        self._database.execute(
            "REPLACE INTO machines SELECT ?, number FROM definitions WHERE source = ?",
            (machine, source),
        )

    def definition_of(self, machine: str) -> int | None:
        query = "SELECT definition FROM machines WHERE arn = ?"
        return next((row[0] for row in self._database.execute(query, (machine,))), None)

    def source(self, definition: int) -> str:
        query = "SELECT source FROM definitions WHERE number = ?"
        return str(self._database.execute(query, (definition,)).fetchone()[0])

    def save(self, execution: Execution) -> None:
        row = {**vars(execution), "tries": json.dumps(execution.tries)}
        self._database.execute(
            "REPLACE INTO executions VALUES (:arn, :machine, :definition, :input, :started, :state,"
            " :data, :tries, :due, :status, :stopped, :error, :cause)",
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
    execution.tries = json.loads(row[7])
    return execution
