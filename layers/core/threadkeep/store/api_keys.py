"""The `api_keys` table: only the hash of a key is ever stored."""

from threadkeep.store.actions import ConditionFailed, Put
from threadkeep.store.database import Database
from threadkeep.store.expressions import Value, absent
from threadkeep.store.tables import API_KEYS


class ApiKeys:
    """Which project a key opens."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def project_of(self, key_hash: str) -> str | None:
        """The project that the key with this hash belongs to, or None."""
        item = self._database.get(API_KEYS, {"key_hash": key_hash})
        return str(item["project_id"]) if item else None

    def put(self, key_hash: str, project_id: str, now: int) -> None:
        """Let the key with this hash open the project; the same again changes nothing.

        Raises ValueError if it opens another one.
        """
        item: dict[str, Value] = {"key_hash": key_hash, "project_id": project_id, "created_at": now}
        try:
            self._database.write(Put(API_KEYS, item, absent("key_hash")))
        except ConditionFailed as lost:
            found = lost.found[0]
            if found is None or found["project_id"] != project_id:
                raise ValueError("this key belongs to another project") from None
