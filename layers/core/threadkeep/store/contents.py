"""How messages and their content lie in items; rows of `contents` hold what does not fit into one.

Most content lies in the item as JSON text. What is too large for an item, also compressed, is cut
into rows, written in the same transaction: a message and its content are there together or not at
all.
"""

from collections.abc import Iterable, Mapping, Sequence

from threadkeep.domain.errors import InvalidRequest
from threadkeep.domain.objects import Message
from threadkeep.store.database import Database, Put
from threadkeep.store.expressions import Value, between, both, equal
from threadkeep.store.items import Item, attributes, restore, stored_size
from threadkeep.store.keys import ThreadRef
from threadkeep.store.tables import CONTENTS, MESSAGES

_ITEM = 350_000  # bytes; an item may have 400 KB, and it holds more than content
_ROW = 85_000  # characters, of 4 bytes at most
_TRANSACTION = 3_500_000  # bytes; a transaction may have 4 MB
_ACTIONS = 95  # a transaction may have 100, and a run and its thread come along
_TOO_MUCH = (
    "The messages of this request are too many or too long to be added at once. Send at most 90"
    " messages and 3.5 MB, and add the rest with further requests."
)


def put_messages(ref: ThreadRef, messages: Sequence[Message]) -> list[Put]:
    """What writes these messages, with the rows of their content; refused if it is too much."""
    puts = [put for message in messages for put in put_message(ref, message)]
    size = sum(stored_size(put.item) for put in puts)
    if len(puts) > _ACTIONS or size > _TRANSACTION:
        raise InvalidRequest(_TOO_MUCH, param="messages", code="request_too_large")
    return puts


def put_message(ref: ThreadRef, message: Message) -> list[Put]:
    """What writes a message: its item, and rows for content that does not fit into it."""
    item = attributes(message)
    content, rows = _stored(ref, message.id, str(item.pop("content")))
    return [Put(MESSAGES, {**ref.key, "message_id": message.id, **item, **content}), *rows]


def content_keys(ref: ThreadRef, item: Item) -> list[dict[str, Value]]:
    """The keys of the rows that hold a message's content, if any do."""
    rows = range(int(item.get("parts", 0)))
    return [{**ref.key, "part": _part(str(item["message_id"]), n)} for n in rows]


def message_of(item: Item) -> Message:
    """The message in an item that has its content."""
    return restore(Message, item, str(item["message_id"]))


def _stored(ref: ThreadRef, message_id: str, content: str) -> tuple[dict[str, Value], list[Put]]:
    """The attributes that hold the content or say where it is, and the rows to write."""
    if len(content) <= _ROW or stored_size({"content": content}) <= _ITEM:
        return {"content": content}, []
    rows = [content[start : start + _ROW] for start in range(0, len(content), _ROW)]
    puts = [
        Put(CONTENTS, {**ref.key, "part": _part(message_id, n), "content": row})
        for n, row in enumerate(rows)
    ]
    return {"parts": len(rows), "content_size": len(content.encode())}, puts


def with_contents(database: Database, ref: ThreadRef, items: Iterable[Item]) -> list[Item]:
    """The items, of neighbouring messages, with their content in them.

    The rows of all that need them are read with one query.
    """
    given = list(items)
    apart = sorted(str(item["message_id"]) for item in given if "parts" in item)
    if not apart:
        return given
    range_ = both(equal("thread", ref.partition), between("part", f"{apart[0]}#", f"{apart[-1]}#~"))
    rows: dict[str, str] = {}
    for row in database.query(CONTENTS, range_, limit=100):
        message_id = str(row["part"]).partition("#")[0]
        rows[message_id] = rows.get(message_id, "") + str(row["content"])
    return [_with_content(item, rows) for item in given]


def _with_content(item: Item, rows: Mapping[str, str]) -> Item:
    return {**item, "content": rows[str(item["message_id"])]} if "parts" in item else item


def _part(message_id: str, number: int) -> str:
    return f"{message_id}#{number:02}"
