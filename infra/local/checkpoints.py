"""How far each event source mapping has come in its stream, and which records it gave up.

One SQLite file for all mappings. A record's content is never in it.
"""

import sqlite3
from pathlib import Path

_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS checkpoints (
  "table", function, sequence INTEGER NOT NULL, PRIMARY KEY ("table", function)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS failures (
  "table", function, sequence INTEGER, error, PRIMARY KEY ("table", function, sequence)
) WITHOUT ROWID;
"""


class Checkpoints:
    """One mapping's place in the file. `sequence` is the last record it is done with.

    It only grows. Lost in a power cut at worst, and then records come twice, never not at all.
    """

    def __init__(self, path: Path, table: str, function: str) -> None:
        self._table, self._function = table, function
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._database.executescript(_SCHEMA)
        self._database.execute(
            "INSERT OR IGNORE INTO checkpoints VALUES (?, ?, 0)", (table, function)
        )
        query = 'SELECT sequence FROM checkpoints WHERE "table" = ? AND function = ?'
        self.sequence: int = self._database.execute(query, (table, function)).fetchone()[0]

    def close(self) -> None:
        self._database.close()

    def advance(self, sequence: int) -> None:
        self._database.execute(
            'UPDATE checkpoints SET sequence = ? WHERE "table" = ? AND function = ?',
            (sequence, self._table, self._function),
        )
        self.sequence = sequence

    def give_up(self, sequence: int, error: str) -> None:
        """Put a record into the failure queue: where it is, not what it holds."""
        self._database.execute(
            "REPLACE INTO failures VALUES (?, ?, ?, ?)",
            (self._table, self._function, sequence, error),
        )

    def done(self) -> int:
        """The last record that every mapping of the table is done with."""
        query = 'SELECT min(sequence) FROM checkpoints WHERE "table" = ?'
        return int(self._database.execute(query, (self._table,)).fetchone()[0])
