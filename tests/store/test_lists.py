"""Every list has the same pages: the properties of `test_pages.py`, by example."""

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from tests.objects import (
    IDS,
    NOW,
    PROJECT,
    assistant,
    long_text,
    message,
    new_message,
    ref,
    run_ref,
    snapshot,
    thread,
)
from tests.store.page_model import counted, expected
from threadkeep.domain.ids import of_run
from threadkeep.domain.objects import Message, Page, PageRequest
from threadkeep.domain.runs import Run
from threadkeep.domain.turns import OpenTurn
from threadkeep.store.contents import put_messages
from threadkeep.store.database import Database
from threadkeep.store.run_steps import put_step
from threadkeep.store.store import Store

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

HOW_MANY = 5

List = Callable[[PageRequest], Page[Any]]
Made = tuple[list[str], List]  # the ids in the list, and the list


def assistants(store: Store, _: Database) -> Made:
    ids = []
    for _n in range(HOW_MANY):
        made = assistant()
        store.assistants.create(PROJECT, made)
        ids.append(made.id)
    store.assistants.create("other", assistant())
    return ids, lambda request: store.assistants.list(PROJECT, request)


def threads(store: Store, _: Database) -> Made:
    ids = []
    for _n in range(HOW_MANY):
        made = thread()
        store.threads.create(PROJECT, made, [])
        ids.append(made.id)
    store.threads.create("other", thread(), [])
    return ids, lambda request: store.threads.list(PROJECT, request)


def new_run(store: Store, thread_id: str, now: int) -> Run:
    """A run whose lock is void when another is made 1,000 seconds later."""
    wanted = snapshot(thread_id, created_at=now, expires_at=now + 600)
    stored = store.threads.get(ref(thread_id))
    return store.new_runs.create(ref(thread_id), stored, wanted, [], now)


def runs(store: Store, _: Database) -> Made:
    made = thread()
    store.threads.create(PROJECT, made, [])
    ids = [new_run(store, made.id, NOW + 1_000 * n).id for n in range(HOW_MANY)]
    return ids, lambda request: store.runs.list(ref(made.id), request, NOW)


def run_steps(store: Store, database: Database) -> Made:
    made = thread()
    store.threads.create(PROJECT, made, [])
    of = new_run(store, made.id, NOW)
    runs = [replace(of, steps=n + 1) for n in range(HOW_MANY)]
    steps = [OpenTurn.begun(run, "message_creation", NOW).step for run in runs]
    for step in steps:
        database.write(*put_step(run_ref(of), step))
    return [s.id for s in steps], lambda request: store.run_steps.list(run_ref(of), request, NOW)


def messages_of_a_run(store: Store, database: Database) -> Made:
    """What a run produced, between what the user and other runs said."""
    made = thread()
    store.threads.create(PROJECT, made, [message(made.id)])
    produced: list[list[Message]] = []
    for n in range(3):
        of = new_run(store, made.id, NOW + 1_000 * n)
        own = [
            replace(message(made.id), id=of_run("msg", of.id, k), run_id=of.id)
            for k in range(HOW_MANY)
        ]
        database.write(*put_messages(ref(made.id), own))
        later = replace(message(made.id), id=IDS.new("msg", NOW + 1_000 * n + 900))
        database.write(*put_messages(ref(made.id), [later]))
        produced.append(own)
    run_id = produced[1][0].run_id
    return [m.id for m in produced[1]], lambda r: store.messages.list(ref(made.id), r, NOW, run_id)


@pytest.mark.parametrize("make", [assistants, threads, runs, run_steps, messages_of_a_run])
def test_pages_of_every_list(
    store: Store, client: "DynamoDBClient", make: Callable[[Store, Database], Made]
) -> None:
    """Both orders, any limit, either cursor or both: rows, `has_more` and reads are exact."""
    ids, list_ = make(store, Database(client))
    prefix = ids[0].partition("_")[0]
    cursors = [
        None,
        ids[0],
        ids[2],
        ids[-1],
        IDS.new(prefix, NOW - 1),
        IDS.new(prefix, NOW + 9_999),
    ]
    for order, limit, after, before in product(("asc", "desc"), (1, 2, 100), cursors, cursors):
        request = PageRequest(limit=limit, order=order, after=after, before=before)  # type: ignore[arg-type]
        with counted(client) as reads:
            page = list_(request)
        assert ([each.id for each in page.data], page.has_more) == expected(ids, request)
        assert reads.items <= len(page.data) + 1


def test_an_unknown_run_has_produced_nothing(store: Store) -> None:
    """The list of a run's messages is empty for a run that is not there, also where the place that
    its id names is another's.
    """
    made, said = thread(), message("")
    store.threads.create(PROJECT, made, [said])
    for run_id in (IDS.new("run", NOW), f"run_{said.id[4:]}", f"run_{said.id[4:7]}", "run_1"):
        page = store.messages.list(ref(made.id), PageRequest(), NOW, run_id)
        assert (page.data, page.has_more) == ([], False)


def test_a_page_ends_early(store: Store, client: "DynamoDBClient") -> None:
    """Before 4 MB, with `has_more`, from either end: pages one after another have all messages,
    whole; and what a page leaves out it does not read.
    """
    made = thread()
    store.threads.create(PROJECT, made, [])
    new = [new_message(made.id, long_text(n)) for n in range(7)]
    given = [store.messages.create(ref(made.id), each, NOW) for each in new]
    for request in (PageRequest(order="asc"), PageRequest(), PageRequest(before="msg_0")):
        with counted(client) as reads:
            page = store.messages.list(ref(made.id), request, NOW)
        assert (len(page.data), page.has_more) == (4, True)
        assert reads.items <= 7 + 4 * 4  # items hold no content; it lies in rows of its own
    newest = store.messages.list(ref(made.id), PageRequest(), NOW)
    rest = store.messages.list(ref(made.id), PageRequest(after=newest.data[-1].id), NOW)
    assert ([*newest.data, *rest.data][::-1], rest.has_more) == (given, False)


def test_what_a_page_leaves_out_is_not_read(store: Store, client: "DynamoDBClient") -> None:
    """Also of items that hold their content: a hundred were asked for, those that fit are read."""
    made = thread()
    store.threads.create(PROJECT, made, [])
    long = long_text(1)[:80_000]
    for n in range(40):
        store.messages.create(ref(made.id), new_message(made.id, f"{n}{long}"), NOW)
    with counted(client) as reads:
        page = store.messages.list(ref(made.id), PageRequest(limit=100), NOW)
    assert (len(page.data), page.has_more) == (14, True)
    assert reads.items < 20
