"""Pages: whatever was created and deleted, and whatever is asked for, they are parts of the list.

A page reads one item more than it returns, at any depth, and nothing where nothing can be.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.objects import NOW, new_message, ref, thread
from tests.store.page_model import counted, expected
from threadkeep.domain.ids import LENGTH
from threadkeep.domain.objects import Message, Page, PageRequest
from threadkeep.domain.references import ThreadRef
from threadkeep.store.store import Store

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

# Each example has threads of its own, so the tables may go on being used.
shared = settings(
    max_examples=max(50, settings().max_examples // 10),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

Change = tuple[Literal["create", "create elsewhere", "delete"], int]
Cursor = tuple[Literal["there", "deleted", "foreign", "never"], int]

changes: st.SearchStrategy[Change] = st.tuples(
    st.sampled_from(["create", "create", "create", "create elsewhere", "delete"]),
    st.integers(0, 9),
)
cursors: st.SearchStrategy[Cursor] = st.tuples(
    st.sampled_from(["there", "there", "deleted", "foreign", "never"]), st.integers(0, 9)
)
orders: st.SearchStrategy[Literal["asc", "desc"]] = st.sampled_from(["asc", "desc"])
limits = st.integers(1, 4) | st.integers(1, 100)

# Ids that nobody made: the ends of all, and others than the usual length.
NEVER = ("0" * LENGTH, "z" * LENGTH, "0", "z", "V", "zz" * LENGTH, "00" * LENGTH, "Vv" * LENGTH)


class Thread:
    """A thread whose messages come and go, and what may be a cursor into it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.ref, self.other = ref(thread().id), ThreadRef("other", thread().id)
        for each in (self.ref, self.other):
            store.threads.create(each.project_id, thread(id=each.thread_id), [])
        self.there: list[str] = []
        self.deleted: list[str] = []
        self.foreign: list[str] = []

    def change(self, change: Change) -> None:
        kind, number = change
        if kind == "create":
            made = self.store.messages.create(self.ref, new_message(self.ref.thread_id), NOW)
            self.there.append(made.id)
        elif kind == "create elsewhere":
            made = self.store.messages.create(self.other, new_message(self.other.thread_id), NOW)
            self.foreign.append(made.id)
        elif self.there:
            gone = self.there.pop(number % len(self.there))
            self.store.messages.delete(self.ref, gone, NOW)
            self.deleted.append(gone)

    def cursor(self, cursor: Cursor | None) -> str | None:
        if cursor is None:
            return None
        kind, number = cursor
        pools = {"there": self.there, "deleted": self.deleted, "foreign": self.foreign}
        pool = pools.get(kind) or [f"msg_{body}" for body in NEVER]
        return pool[number % len(pool)]

    def page(self, request: PageRequest) -> Page[Message]:
        return self.store.messages.list(self.ref, request, NOW)


@contextmanager
def a_thread(store: Store) -> Iterator[Thread]:
    """A thread that leaves nothing behind: moto looks through its whole tables."""
    made = Thread(store)
    yield made
    for each in (made.ref, made.other):
        store.threads.delete(each)
        store.remains.remove(each.path)


@shared
@given(
    history=st.lists(changes, max_size=10),
    asked=st.lists(
        st.tuples(orders, limits, st.none() | cursors, st.none() | cursors),
        min_size=1,
        max_size=4,
    ),
)
def test_every_page_is_a_part_of_the_list(
    store: Store,
    client: "DynamoDBClient",
    history: list[Change],
    asked: list[tuple[Literal["asc", "desc"], int, Cursor | None, Cursor | None]],
) -> None:
    """Any creates and deletes, any cursors, both, reversed or none, any order and limit: the rows,
    their order, `has_more` and what was read are exact.
    """
    with a_thread(store) as made:
        for change in history:
            made.change(change)
        for order, limit, after, before in asked:
            request = PageRequest(
                limit=limit, order=order, after=made.cursor(after), before=made.cursor(before)
            )
            with counted(client) as reads:
                page = made.page(request)
            assert ([m.id for m in page.data], page.has_more) == expected(made.there, request)
            assert reads.items <= len(page.data) + 1
            assert len(reads.queries) <= 1


@shared
@given(
    first=st.integers(0, 9),
    meanwhile=st.lists(changes, max_size=8),
    order=orders,
    limit=st.integers(1, 4),
)
def test_pages_one_after_another_are_the_list(
    store: Store, first: int, meanwhile: list[Change], order: Literal["asc", "desc"], limit: int
) -> None:
    """Whoever follows `after` sees each row once, in order, whatever comes and goes meanwhile: all
    that stay, and nothing that never was. The way back by `before` shows the same pages.
    """
    with a_thread(store) as made:
        for n in range(first):
            made.change(("create", n))
        stayed, ever = list(made.there), list(made.there)
        seen: list[str] = []
        page = made.page(PageRequest(limit=limit, order=order))
        pending = iter(meanwhile)
        while page.data:
            seen += [row.id for row in page.data]
            assert seen == sorted(set(seen), reverse=order == "desc")
            if not page.has_more:
                break
            if change := next(pending, None):
                made.change(change)
            ever += made.there
            stayed = [id_ for id_ in stayed if id_ in made.there]
            page = made.page(PageRequest(limit=limit, order=order, after=seen[-1]))
        assert set(stayed) <= set(seen) <= set(ever)
        if not meanwhile:
            assert seen == sorted(made.there, reverse=order == "desc")
        assert backwards(made, order, limit) == sorted(made.there, reverse=order == "desc")


def backwards(made: Thread, order: Literal["asc", "desc"], limit: int) -> list[str]:
    """The list, put together page by page from its end."""
    seen: list[str] = []
    end = "msg_" + ("z" if order == "asc" else "0") * LENGTH
    has_more = True
    while has_more:
        before = seen[0] if seen else end
        page = made.page(PageRequest(limit=limit, order=order, before=before))
        seen[:0] = [row.id for row in page.data]
        assert len(seen) == len(set(seen))
        has_more = page.has_more
    return seen
