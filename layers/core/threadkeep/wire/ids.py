"""Ids from outside: what is no `prefix_` + alphanumerics is refused and never reaches a key."""

from collections.abc import Mapping

from threadkeep.domain import ids
from threadkeep.wire import wording

MAX_LENGTH = 64
# The ids that stand in paths and queries, and their prefixes.
IDS = {
    "assistant_id": "asst",
    "thread_id": "thread",
    "message_id": "msg",
    "run_id": "run",
    "step_id": "step",
}


def id_schema(prefix: str) -> dict[str, str | int]:
    """What JSON Schema says of such an id, besides that it is a string."""
    return {"pattern": f"^{prefix}_[0-9A-Za-z]+$", "maxLength": MAX_LENGTH}


def well_formed(value: str, prefix: str) -> bool:
    """Whether `value` can be the id of such an object (a key of any length can not)."""
    return len(value) <= MAX_LENGTH and ids.well_formed(prefix, value)


def expect_id(value: str, name: str, prefix: str) -> str:
    """`value`, if it is well formed."""
    if not well_formed(value, prefix):
        raise wording.wrong_id(name, prefix, value)
    return value


def path_id(params: Mapping[str, str], name: str) -> str:
    """The id that stands for `name` in the path."""
    return expect_id(params[name], name, IDS[name])


def query_id(query: Mapping[str, str] | None, name: str, prefix: str) -> str | None:
    """The id given as a query parameter; an empty one is absent, as a null is in a body."""
    value = (query or {}).get(name)
    return expect_id(value, name, prefix) if value else None
