"""The `assistants` table."""

from collections.abc import Iterator

from threadkeep.domain.errors import NotFound
from threadkeep.domain.objects import Assistant, Page, PageRequest
from threadkeep.store.actions import Delete, Put, Update
from threadkeep.store.database import Database
from threadkeep.store.expressions import Value, absent, between, both, equal
from threadkeep.store.items import Item, attributes, differences, restore
from threadkeep.store.pages import Range, ids_between, page
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

    def list(self, project_id: str, request: PageRequest) -> Page[Assistant]:
        """A page of the project's assistants."""
        range_ = ids_between("asst", request)

        def read(range_: Range, limit: int) -> Iterator[Item]:
            condition = both(
                equal("project_id", project_id), between("assistant_id", range_.low, range_.high)
            )
            return self._database.query(ASSISTANTS, condition, limit=limit, forward=range_.forward)

        return page(request, range_, read, lambda i: restore(Assistant, i, str(i["assistant_id"])))

    def modify(self, project_id: str, before: Assistant, after: Assistant) -> None:
        """Write what differs; two at once that change different fields both come through."""
        key = assistant_key(project_id, before.id)
        changes = Update(ASSISTANTS, key, differences(before, after))
        self._database.change(NotFound("assistant", before.id), changes)

    def delete(self, project_id: str, assistant_id: str) -> None:
        """Remove the assistant, or NotFound. Its threads and runs stay."""
        key = assistant_key(project_id, assistant_id)
        self._database.change(NotFound("assistant", assistant_id), Delete(ASSISTANTS, key))
