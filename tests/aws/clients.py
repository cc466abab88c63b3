"""DynamoDB clients for tests: one on moto, repaired, and one on the emulator.

A client of the emulator and an active moto exclude each other: moto would run each call as well.
"""

import functools
import json
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.client import BaseClient
from botocore.compat import HTTPHeaders
from botocore.config import Config
from botocore.session import Session
from moto import mock_aws

from infra.local.aws.aws_error import AwsError
from infra.local.aws.dynamodb import DynamoDB
from tests.aws.moto_repairs import repair
from threadkeep.domain.clock import Clock, SystemClock
from threadkeep.store.tables import TABLES, Index, Key, Table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_ERRORS = "com.amazonaws.dynamodb.v20120810#"


@contextmanager
def database_client(
    kind: str, folder: Path, clock: Clock | None = None
) -> "Iterator[DynamoDBClient]":
    """A client of empty tables on "moto" or the "emulator"."""
    if kind == "moto":
        with moto_client() as client:
            yield client
        return
    emulator = DynamoDB(folder / "dynamodb.db", clock or SystemClock(), TABLES)
    try:
        yield emulator_client(emulator)
    finally:
        emulator.close()


@contextmanager
def moto_client(tables: Sequence[Table] = TABLES) -> "Iterator[DynamoDBClient]":
    """A client of empty tables, the project's if no others are named, on repaired moto."""
    repair()
    with mock_aws(config={"core": {"reset_boto3_session": False}}):
        client = cast("DynamoDBClient", new_client("dynamodb"))
        for table in tables:
            client.create_table(**definition(table))
        yield client


def emulator_client(emulator: DynamoDB) -> "DynamoDBClient":
    """A client whose calls the emulator answers, without a socket."""
    client = new_client("dynamodb")
    answer: Callable[..., Any] = functools.partial(_answer, emulator)
    client.meta.events.register("before-send.dynamodb", answer)
    return cast("DynamoDBClient", client)


def new_client(service: str) -> BaseClient:
    config = Config(account_id_endpoint_mode="disabled", retries={"total_max_attempts": 1})
    return _session().create_client(
        service,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=config,
    )


def definition(table: Table) -> dict[str, Any]:
    """The request that creates the table."""
    keys = [*_keys(table), *(_keys(table.index) if table.index else ())]
    request: dict[str, Any] = {
        "TableName": table.name,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": _schema(table),
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": kind}
            for name, kind in {key.name: key.type for key in keys}.items()
        ],
    }
    if table.index:
        projection = {"ProjectionType": "KEYS_ONLY"}
        index = {"IndexName": table.index.name, "KeySchema": _schema(table.index)}
        request["GlobalSecondaryIndexes"] = [{**index, "Projection": projection}]
    if table.stream:
        request["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": table.stream}
    return request


def _keys(place: Table | Index) -> list[Key]:
    return [key for key in (place.partition_key, place.sort_key) if key]


def _schema(place: Table | Index) -> list[dict[str, str]]:
    roles = zip(_keys(place), ("HASH", "RANGE"), strict=False)
    return [{"AttributeName": key.name, "KeyType": role} for key, role in roles]


@functools.cache
def _session() -> Session:
    """One for the process: it holds the service's description, which takes long to read."""
    return Session()


def _answer(emulator: DynamoDB, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
    target = request.headers["X-Amz-Target"]
    operation = (target.decode() if isinstance(target, bytes) else target).rpartition(".")[2]
    try:
        status, body = 200, emulator.call(operation, json.loads(cast("bytes", request.body)))
    except AwsError as error:
        fields = {"__type": f"{_ERRORS}{error.code}", "message": error.message}
        status, body = error.status, {**fields, **error.fields}
    headers = HTTPHeaders()
    headers["x-amzn-RequestId"] = uuid.uuid4().hex
    return AWSResponse(request.url, status, headers, _Body(json.dumps(body).encode()))


class _Body:
    """What botocore reads of a response's body."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self._content
