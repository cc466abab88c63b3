"""Content that does not fit into its item: rows of `contents` hold it.

Most content lies in its item as JSON text. What is too large for an item, also compressed, is cut
into rows, written in the same transaction: an object and its content are there together or not at
all. Messages have such content, and steps, for the arguments and outputs of functions.
"""

from collections.abc import Iterable, Sequence

from threadkeep.domain.objects import Message
from threadkeep.domain.references import ThreadRef
from threadkeep.store.actions import Put, Update
from threadkeep.store.database import Database
from threadkeep.store.expressions import Value, between, both, equal
from threadkeep.store.items import Item, attributes, restore, stored_size, text_size
from threadkeep.store.keys import key_of
from threadkeep.store.tables import CONTENTS, MESSAGES

_ITEM = 350_000  # bytes; an item may have 400 KB, and it holds more than content
_ROW = 85_000  # characters, of 4 bytes at most


def put_messages(ref: ThreadRef, messages: Sequence[Message]) -> list[Put]:
    """What writes these messages, with the rows of their content."""
    return [put for message in messages for put in put_message(ref, message)]


def put_message(ref: ThreadRef, message: Message) -> list[Put]:
    """What writes a message: its item, and rows for content that does not fit into it."""
    item, rows = spilled(ref, message.id, attributes(message), "content")
    return [Put(MESSAGES, {**key_of(ref), "message_id": message.id, **item}), *rows]


def end_message(ref: ThreadRef, message: Message) -> list[Put | Update]:
    """What writes the end of a message that was begun, if it is still there.

    An app may have changed its metadata meanwhile: that stays.
    """
    item, rows = spilled(ref, message.id, attributes(message), "content")
    changes = {"content": None, **item}
    del changes["metadata"]
    return [Update(MESSAGES, {**key_of(ref), "message_id": message.id}, changes), *rows]


def message_of(item: Item) -> Message:
    """The message in an item that has its content."""
    return restore(Message, item, str(item["message_id"]))


def spilled(
    ref: ThreadRef, id_: str, item: dict[str, Value], field: str
) -> tuple[dict[str, Value], list[Put]]:
    """The item of the object `id_` without what does not fit of its `field`, and rows for that."""
    content = str(item[field])
    if len(content) <= _ROW or stored_size({field: content}) <= _ITEM:
        return item, []
    rows = [content[start : start + _ROW] for start in range(0, len(content), _ROW)]
    puts = [
        Put(CONTENTS, {**key_of(ref), "part": _part(id_, n), "content": row})
        for n, row in enumerate(rows)
    ]
    rest = {name: value for name, value in item.items() if name != field}
    return {**rest, "parts": len(rows), "content_size": text_size(content)}, puts


def content_keys(ref: ThreadRef, id_: str, item: Item) -> list[dict[str, Value]]:
    """The keys of the rows that hold an object's content, if any do."""
    return [{**key_of(ref), "part": _part(id_, n)} for n in range(int(item.get("parts", 0)))]


def with_contents(
    database: Database, ref: ThreadRef, items: Iterable[Item], key: str, field: str
) -> list[Item]:
    """Items of neighbouring objects with their `field` in them; `key` names their sort key.

    The rows of all that need them are read with one query.
    """
    given = list(items)
    apart = sorted(str(item[key]) for item in given if "parts" in item)
    if not apart:
        return given
    range_ = both(equal("thread", ref.path), between("part", f"{apart[0]}#", f"{apart[-1]}#~"))
    rows: dict[str, str] = {}
    for row in database.query(CONTENTS, range_, limit=100):
        owner = str(row["part"]).partition("#")[0]
        rows[owner] = rows.get(owner, "") + str(row["content"])
    return [{**item, field: rows[str(item[key])]} if "parts" in item else item for item in given]


def _part(id_: str, number: int) -> str:
    return f"{id_}#{number:02}"
