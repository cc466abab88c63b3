"""Repairs that make moto 5.2.5 trustworthy for transactions, streams and threads.

Each repair says what DynamoDB does and moto does not. moto keeps its tables in plain objects and
runs an action in the caller's thread, so the repairs are wrappers round its own methods.
"""

import contextlib
import copy
import functools
import inspect
import json
import re
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from moto import backend_index
from moto.core.responses import ActionResult
from moto.dynamodb import models, responses
from moto.dynamodb.exceptions import DynamodbException
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import StreamShard, Table
from moto.dynamodbstreams import responses as stream_responses
from moto.dynamodbstreams import urls

_ONE_AT_A_TIME = threading.RLock()
_STREAMS_URL = r"https?://(.+)\.streams-ddb\.(.+)\.amazonaws\.com"
_MISMATCH = "IdempotentParameterMismatchException"


@functools.cache
def repair() -> None:
    """Repair moto in this process. The second call and all others do nothing."""
    _know_account_based_stream_endpoints()
    _run_one_action_at_a_time(responses.DynamoHandler)
    _run_one_action_at_a_time(stream_responses.DynamoDBStreamsHandler)
    _undo_what_fails()
    _honour_request_tokens()
    _record_changes_only()
    _query_one_partition()


def _know_account_based_stream_endpoints() -> None:
    """botocore sends streams to an endpoint of the account. moto knows only the older ones."""
    backend_index.backend_url_patterns.insert(0, ("dynamodbstreams", re.compile(_STREAMS_URL)))
    urls.url_bases.append(_STREAMS_URL)


def _run_one_action_at_a_time(handler: Any) -> None:
    """Writers that race must not lose updates: moto's tables are not safe for threads."""
    original = handler.call_action

    def call_action(self: Any) -> Any:
        with _ONE_AT_A_TIME:
            return original(self)

    handler.call_action = call_action


def _undo_what_fails() -> None:
    """A refused write leaves neither items nor stream records, and costs what it touched.

    moto copies whole tables to undo a transaction, which leaves open shard iterators on a table
    that was thrown away. A table that is its own copy makes that harmless; the undoing is here.
    """
    Table.__deepcopy__ = lambda self, _memo: self
    transact = models.DynamoDBBackend.transact_write_items
    update = models.DynamoDBBackend.update_item

    def transact_write_items(self: Any, transact_items: list[dict[str, Any]]) -> None:
        with contextlib.ExitStack() as undoing:
            for action in transact_items:
                request = next(iter(action.values()))
                table = self.tables.get(request["TableName"])
                undoing.enter_context(_undone(table, request.get("Item") or request["Key"]))
            transact(self, transact_items)

    def update_item(self: Any, table_name: str, key: Mapping[str, Any], **options: Any) -> Any:
        """moto writes an item that is new with its key first. One record must tell of both."""
        table = self.tables.get(table_name)
        with _undone(table, key) as old:
            shard = table.stream_shard if table else None
            if shard is None:
                return update(self, table_name, key, **options)
            table.stream_shard = None
            try:
                item = update(self, table_name, key, **options)
            finally:
                table.stream_shard = shard
            shard.add(old, item)
            return item

    models.DynamoDBBackend.transact_write_items = transact_write_items
    models.DynamoDBBackend.update_item = update_item


@contextlib.contextmanager
def _undone(table: Any, key: Mapping[str, Any]) -> Iterator[Any]:
    """Gives a copy of the item under the key, and puts it back if the block fails."""
    if table is None or not set(table.table_key_attrs) <= key.keys():
        yield None
        return
    partition, *sort = (DynamoType(key[name]) for name in table.table_key_attrs)
    old = copy.deepcopy(table.get_item(partition, *sort))
    shard = table.stream_shard
    records = len(shard.items) if shard else 0
    try:
        yield old
    except BaseException:
        inside = table.items[partition] if sort else table.items
        inside.pop(*sort or [partition], None)
        if old is not None:
            inside[sort[0] if sort else partition] = old
        if shard:
            del shard.items[records:]
        raise


def _honour_request_tokens() -> None:
    """The token of a transaction that succeeded stands for it. moto does it again."""
    transact = responses.DynamoHandler.transact_write_items

    def transact_write_items(self: Any) -> Any:
        done = self.dynamodb_backend.__dict__.setdefault("repaired_tokens", {})
        token = self.body.get("ClientRequestToken")
        request = json.dumps(self.body["TransactItems"], sort_keys=True, default=repr)
        if done.get(token, request) != request:
            raise DynamodbException(f"com.amazonaws.dynamodb.v20120810#{_MISMATCH}", "mismatch")
        if token in done:
            return ActionResult({})
        answer = transact(self)
        if token:
            done[token] = request
        return answer

    responses.DynamoHandler.transact_write_items = transact_write_items


def _record_changes_only() -> None:
    """A write that changes nothing has no stream record."""
    add = StreamShard.add

    def add_if_changed(self: Any, old: Any, new: Any) -> None:
        if old is None or new is None or old.to_json() != new.to_json():
            add(self, old, new)

    StreamShard.add = add_if_changed


def _query_one_partition() -> None:
    """A query costs what its partition holds. moto sorts the whole table for each."""
    query = Table.query
    signature = inspect.signature(query)

    def query_partition(self: Any, *arguments: Any, **options: Any) -> Any:
        given = signature.bind(self, *arguments, **options).arguments
        whole, partition = self.items, given["hash_key"]
        if given["index_name"] is None:
            self.items = {partition: whole[partition]} if partition in whole else {}
        try:
            return query(self, *arguments, **options)
        finally:
            self.items = whole

    Table.query = query_partition
