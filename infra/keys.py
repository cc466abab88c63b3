"""Making API keys. A key is shown once; its hash alone is stored."""

import secrets
import time

from botocore.exceptions import ClientError
from botocore.session import Session

from threadkeep.domain.api_keys import hash_key
from threadkeep.domain.ids import base62, valid_project
from threadkeep.store.api_keys import ApiKeys
from threadkeep.store.database import Database

_RANDOM_BYTES = 32
_DIGITS = 43  # base 62 digits that 32 bytes need


class KeyNotCreated(Exception):
    """No key was made; the message says why."""


def make_key() -> str:
    """A new key, of 256 random bits."""
    number = int.from_bytes(secrets.token_bytes(_RANDOM_BYTES))
    return f"sk-threadkeep-{base62(number, _DIGITS)}"


def create(database: Database, project: str, now: float) -> str:
    """A new key that opens the project."""
    if not valid_project(project):
        raise KeyNotCreated(
            f"'{project}' can't be a project: 1 to 64 letters, digits, underscores and hyphens."
        )
    key = make_key()
    ApiKeys(database).put(hash_key(key), project, int(now))
    return key


def create_in_aws(stack: str, project: str) -> str:
    """A new key that opens the project in a deployed stack, with the caller's AWS credentials."""
    client = Session().create_client("dynamodb")
    try:
        return create(Database(client, f"{stack}-"), project, time.time())
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        raise KeyNotCreated(f"There is no stack '{stack}' in this account and region.") from error
