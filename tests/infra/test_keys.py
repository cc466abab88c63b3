"""Making API keys for a deployed stack, on moto."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.session import Session
from moto import mock_aws

from infra.keys import KeyNotCreated, create, create_in_aws, make_key
from threadkeep.domain.api_keys import hash_key, mask_key
from threadkeep.store.api_keys import ApiKeys
from threadkeep.store.database import Database

_KEY = re.compile(r"sk-threadkeep-[0-9A-Za-z]{43}")


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """DynamoDB with the table of the stack `Mine`."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        client: Any = Session().create_client("dynamodb")
        client.create_table(
            TableName="Mine-api_keys",
            KeySchema=[{"AttributeName": "key_hash", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "key_hash", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield client
        client.close()


def _items(client: Any) -> list[dict[str, Any]]:
    return list(client.scan(TableName="Mine-api_keys")["Items"])


def test_a_key_is_made_for_a_project_of_a_stack(client: Any) -> None:
    """The authorizer finds the project by the key's hash."""
    key = create_in_aws("Mine", "acme")
    assert _KEY.fullmatch(key)
    assert ApiKeys(Database(client, "Mine-")).project_of(hash_key(key)) == "acme"


def test_only_the_hash_is_stored(client: Any) -> None:
    """Who reads the table has no key."""
    key = create(Database(client, "Mine-"), "acme", now=1_800_000_000.9)
    assert _items(client) == [
        {
            "key_hash": {"S": hash_key(key)},
            "project_id": {"S": "acme"},
            "created_at": {"N": "1800000000"},
        }
    ]
    assert key not in str(_items(client))


@pytest.mark.parametrize("project", ["", "a/b", "a b", "ü", "x" * 65, "acme\n"])
def test_a_project_that_can_be_no_key_is_refused_and_nothing_written(
    client: Any, project: str
) -> None:
    """A project is part of every partition key."""
    with pytest.raises(KeyNotCreated, match="can't be a project"):
        create_in_aws("Mine", project)
    assert _items(client) == []


@pytest.mark.usefixtures("client")
def test_a_stack_that_is_not_there_is_named() -> None:
    """Also when only its letters' case is wrong: names of tables are told apart by it."""
    with pytest.raises(KeyNotCreated, match=r"^There is no stack 'mine' in this account"):
        create_in_aws("mine", "acme")


def test_no_two_keys_are_the_same() -> None:
    """256 random bits, always in the same form."""
    keys = {make_key() for _ in range(1000)}
    assert len(keys) == 1000
    assert all(_KEY.fullmatch(key) for key in keys)


def test_a_hash_is_the_key_s_sha256() -> None:
    """The published digest of `abc`."""
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert hash_key("abc") == digest


def test_any_key_that_a_client_sends_has_a_hash() -> None:
    """Bytes that are no text arrive as surrogates: a wrong key, not a bug."""
    assert len(hash_key("\udcff")) == 64


@pytest.mark.parametrize(
    ("key", "mask"),
    [
        ("sk-threadkeep-0123456789abcd", "sk-th****abcd"),
        ("sk-short", "****"),
        ("x" * 15, "****"),
        ("", ""),
        ('sk-"\\<aaaaaaaaaaaaaa\n"\\ü', "sk-**********"),
    ],
)
def test_a_mask_shows_little_and_is_safe_in_json(key: str, mask: str) -> None:
    """A short key is not shown at all; what JSON would have to escape is never shown."""
    assert mask_key(key) == mask
