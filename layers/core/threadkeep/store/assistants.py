"""The `assistants` table."""

from threadkeep.domain.errors import NotFound
from threadkeep.domain.objects import Assistant
from threadkeep.store.database import Database, Put
from threadkeep.store.expressions import Value, absent
from threadkeep.store.items import Item, attributes, restore
from threadkeep.store.tables import ASSISTANTS


def assistant_key(project_id: str, assistant_id: str) -> dict[str, Value]:
    return {"project_id": project_id, "assistant_id": assistant_id}


def assistant_of(item: Item | None, assistant_id: str) -> Assistant:
    """The assistant in an item that was read, or NotFound."""
    if item is None:
        raise NotFound("assistant", assistant_id)
    return restore(Assistant, item, assistant_id)


class Assistants:
    """The assistants of all projects."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, project_id: str, assistant: Assistant) -> None:
        item = {**assistant_key(project_id, assistant.id), **attributes(assistant)}
        self._database.write(Put(ASSISTANTS, item, absent("assistant_id")))

    def get(self, project_id: str, assistant_id: str) -> Assistant:
        """The assistant, or NotFound."""
        item = self._database.get(ASSISTANTS, assistant_key(project_id, assistant_id))
        return assistant_of(item, assistant_id)
