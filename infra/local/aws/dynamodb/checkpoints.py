"""How far an event source mapping has come in its stream, and which records it gave up.

It lies in the file of the stream's records: whatever a power cut takes, or a copy brings back, the
two are of one moment, and no checkpoint is ahead of its stream. A record's content is never in it.
"""

from infra.local.aws.dynamodb.storage import Storage


class Checkpoints:
    """One mapping's place. `sequence` is the last record it is done with; it only grows."""

    def __init__(self, storage: Storage, table: str, function: str) -> None:
        self._storage = storage
        self._table, self._function = table, function
        with storage.writing() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO checkpoints VALUES (?, ?, 0)", (table, function)
            )
            query = "SELECT sequence FROM checkpoints WHERE name = ? AND function = ?"
            self.sequence: int = connection.execute(query, (table, function)).fetchone()[0]

    def advance(self, sequence: int) -> None:
        with self._storage.writing() as connection:
            connection.execute(
                "UPDATE checkpoints SET sequence = ? WHERE name = ? AND function = ?",
                (sequence, self._table, self._function),
            )
        self.sequence = sequence

    def give_up(self, sequence: int, error: str) -> None:
        """Put a record into the failure queue: where it is, not what it holds."""
        with self._storage.writing() as connection:
            connection.execute(
                "REPLACE INTO failures VALUES (?, ?, ?, ?)",
                (self._table, self._function, sequence, error),
            )

    def done(self) -> int:
        """The last record that every mapping of the table is done with."""
        query = "SELECT min(sequence) FROM checkpoints WHERE name = ?"
        with self._storage.reading() as connection:
            return int(connection.execute(query, (self._table,)).fetchone()[0])
