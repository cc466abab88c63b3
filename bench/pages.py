"""A list of 20 messages from threads of any length, first page and deep, through the store."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.timing import medians_ms, report
from infra.local.aws.dynamodb import DynamoDB
from infra.local.aws.transport import Transport
from threadkeep.domain.clock import SystemClock
from threadkeep.domain.content import TextPart
from threadkeep.domain.ids import IdSource
from threadkeep.domain.objects import Message, PageRequest, Thread
from threadkeep.domain.references import ThreadRef
from threadkeep.store.contents import put_messages
from threadkeep.store.database import Database
from threadkeep.store.items import to_dynamodb
from threadkeep.store.store import Store
from threadkeep.store.tables import MESSAGES, TABLES

_LENGTHS = (10, 1_000, 100_000)
_TEXT = "a message of usual length " * 8
_NOW = 1_800_000_000
_IDS = IdSource()


def _message(thread_id: str) -> Message:
    return Message(
        id=_IDS.new("msg", _NOW),
        thread_id=thread_id,
        created_at=_NOW,
        role="user",
        content=(TextPart(_TEXT),),
    )


def _fill(emulator: DynamoDB, ref: ThreadRef, length: int) -> list[str]:
    """Put messages into the thread; their ids."""
    messages = [_message(ref.thread_id) for _ in range(length)]
    for start in range(0, length, 25):
        puts = put_messages(ref, messages[start : start + 25])
        requests = [{"PutRequest": {"Item": to_dynamodb(put.item)}} for put in puts]
        emulator.call("BatchWriteItem", {"RequestItems": {MESSAGES.name: requests}})
    return [message.id for message in messages]


def _calls(store: Store, ref: ThreadRef, ids: list[str]) -> dict[str, Callable[[int], object]]:
    middle = ids[len(ids) // 2]
    pages = {
        "first page": PageRequest(),
        "after the middle": PageRequest(after=middle),
        "before the middle": PageRequest(before=middle),
        "last page": PageRequest(before=f"msg_{'0' * 24}"),
    }

    def call(request: PageRequest) -> Callable[[int], object]:
        return lambda _: store.messages.list(ref, request, _NOW)

    return {f"{name} of {len(ids):,}": call(request) for name, request in pages.items()}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        emulator = DynamoDB(Path(folder) / "bench.db", SystemClock(), TABLES)
        session = Transport(emulator.call, lambda *_: {}).session()
        store = Store(Database(session.create_client("dynamodb")), _IDS)
        calls: dict[str, Callable[[int], object]] = {}
        for length in _LENGTHS:
            ref = ThreadRef("bench", _IDS.new("thread", _NOW))
            store.threads.create(ref.project_id, Thread(id=ref.thread_id, created_at=_NOW), [])
            calls |= _calls(store, ref, _fill(emulator, ref, length))
        for name, figures in medians_ms(calls).items():
            report(name, figures)
        emulator.close()


if __name__ == "__main__":
    main()
