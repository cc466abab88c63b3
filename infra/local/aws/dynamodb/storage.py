"""One SQLite file: items, stream records and their checkpoints, tokens; one connection that writes,
a pool that reads.

Invariant: a transaction is acknowledged after its commit, and whoever begins to read then sees it.
The log is written ahead (WAL): readers and the writer never wait for each other, and a killed
process loses nothing it acknowledged. Only a power cut takes the last transactions, unless the
storage is `durable`.
"""

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from infra.local.aws.dynamodb import keys
from infra.local.aws.dynamodb.values import AttributeMap, Invalid, item_size
from threadkeep.store.tables import Table

BUSY_SECONDS = 20  # that a write waits for a lock that another program holds
_MOMENT = 0.05  # seconds that the writer waits for a lock in its turn
_LOOK_AGAIN = 0.1  # seconds until it does so again
_PATIENCE = 5.0  # seconds that it waits for other writers of this process
_LARGEST_ITEM = 400 * 1024
_LAYOUT = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS definitions (name TEXT PRIMARY KEY, keys TEXT, indexed TEXT);
CREATE TABLE IF NOT EXISTS items (
    name TEXT, partition_key BLOB, sort_key BLOB, index_partition BLOB, index_sort BLOB, item TEXT,
    PRIMARY KEY (name, partition_key, sort_key));
CREATE INDEX IF NOT EXISTS items_by_index
    ON items (name, index_partition, index_sort, partition_key, sort_key)
    WHERE index_partition IS NOT NULL;
CREATE TABLE IF NOT EXISTS records (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, document TEXT);
CREATE INDEX IF NOT EXISTS records_by_table ON records (name, sequence);
CREATE TABLE IF NOT EXISTS tokens (token TEXT PRIMARY KEY, request TEXT, expires REAL);
CREATE INDEX IF NOT EXISTS tokens_by_expiry ON tokens (expires);
CREATE TABLE IF NOT EXISTS checkpoints (
    name TEXT, function TEXT, sequence INTEGER NOT NULL, PRIMARY KEY (name, function));
CREATE TABLE IF NOT EXISTS failures (
    name TEXT, function TEXT, sequence INTEGER, error TEXT,
    PRIMARY KEY (name, function, sequence));
"""


Away = Callable[[], AbstractContextManager[None]]


class Storage:
    """`away` is a context for waits that may be long: others work meanwhile."""

    def __init__(self, path: Path, *, durable: bool = False, away: Away = nullcontext) -> None:
        self._path = path
        self._away = away
        self._synchronous = "FULL" if durable else "NORMAL"
        self._writes = threading.Lock()
        self._pool = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._closed = False
        self._held_up_until = 0.0  # monotonic: until then nobody asks for the lock of the file
        self._writer = self._connect()
        try:
            self._writer.executescript(_LAYOUT)
            # Only from here on: at the start nobody else waits.
            self._writer.execute(f"PRAGMA busy_timeout = {int(_MOMENT * 1000)}")
        except sqlite3.Error:
            self._writer.close()
            raise

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction: committed at the end of the block, rolled back when the block raises."""
        self._take()
        try:
            yield self._writer
            self._writer.execute("COMMIT")
        finally:
            try:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
            finally:
                self._writes.release()

    def _take(self) -> None:
        """Begin a transaction; OperationalError if that can't be for `BUSY_SECONDS`.

        Writers wait for each other. While another program locks the file they are away, so that
        readers go on, and look again from time to time; nobody is away with the lock in hand.
        """
        until = time.monotonic() + BUSY_SECONDS
        while time.monotonic() < until:
            if time.monotonic() >= self._held_up_until and self._writes.acquire(timeout=_PATIENCE):
                try:
                    if self._begin():
                        return
                except BaseException:
                    self._writes.release()
                    raise
                self._held_up_until = time.monotonic() + _LOOK_AGAIN
                self._writes.release()
            with self._away():
                time.sleep(_LOOK_AGAIN)
        raise sqlite3.OperationalError("database is locked")

    def _begin(self) -> bool:
        """Begin a transaction, unless another program holds the file."""
        if time.monotonic() < self._held_up_until:
            return False
        try:
            self._writer.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorcode", None) != sqlite3.SQLITE_BUSY:
                raise
            return False
        return True

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection for the block alone. Threads come and go; connections stay, in a pool."""
        with self._pool:
            connection = self._idle.pop() if self._idle else self._connect()
        try:
            yield connection
        finally:
            with self._pool:
                self._idle.append(connection)
                self._close_if_closed()

    def close(self) -> None:
        """A reader that is still at work closes its own connection in the end."""
        with self._writes, self._pool:
            self._closed = True
            self._writer.close()
            self._close_if_closed()

    def _close_if_closed(self) -> None:
        while self._closed and self._idle:
            self._idle.pop().close()

    def _connect(self) -> sqlite3.Connection:
        if self._closed:
            raise sqlite3.ProgrammingError("The database is closed")
        connection = sqlite3.connect(
            self._path, BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        connection.execute(f"PRAGMA synchronous = {self._synchronous}")
        return connection


def define(connection: sqlite3.Connection, table: Table) -> None:
    """Bring a table to its definition. Another index is made anew; other keys are refused."""
    wanted = (repr(keys.schema(table)), repr(table.index))
    stored = connection.execute(
        "SELECT keys, indexed FROM definitions WHERE name = ?", (table.name,)
    ).fetchone()
    if stored and stored[0] != wanted[0]:
        raise ValueError(f"Table {table.name} is stored with the keys {stored[0]}, not {wanted[0]}")
    if stored == wanted:
        return
    connection.execute("INSERT OR REPLACE INTO definitions VALUES (?, ?, ?)", (table.name, *wanted))
    rows = connection.execute("SELECT item FROM items WHERE name = ?", (table.name,)).fetchall()
    for item in (json.loads(text) for (text,) in rows):
        store(connection, table, keys.of_item(table, item), item)


def load(
    connection: sqlite3.Connection, table: Table, position: keys.Position
) -> AttributeMap | None:
    row = connection.execute(
        "SELECT item FROM items WHERE name = ? AND partition_key = ? AND sort_key = ?",
        (table.name, *position),
    ).fetchone()
    return json.loads(row[0]) if row else None


def store(
    connection: sqlite3.Connection, table: Table, position: keys.Position, item: AttributeMap | None
) -> None:
    if item is None:
        connection.execute(
            "DELETE FROM items WHERE name = ? AND partition_key = ? AND sort_key = ?",
            (table.name, *position),
        )
        return
    if item_size(item) > _LARGEST_ITEM:
        raise Invalid("Item size has exceeded the maximum allowed size")
    indexed = keys.in_index(table.index, item) or (None, None)
    connection.execute(
        "INSERT OR REPLACE INTO items VALUES (?, ?, ?, ?, ?, ?)",
        (table.name, *position, *indexed, json.dumps(item, ensure_ascii=False)),
    )


def remove_expired(connection: sqlite3.Connection, table: Table, now: float) -> None:
    connection.execute(
        "DELETE FROM items WHERE name = ? AND CAST(json_extract(item, ?) AS INTEGER) < ?",
        (table.name, f"$.{table.expires}.N", int(now)),
    )
