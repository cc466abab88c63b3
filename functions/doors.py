"""The doors of the API. Behind each of them is the whole route table, below the door's prefix.

A door has one header for keys, and an authorizer of its own: API Gateway asks an authorizer only if
all headers that it knows callers by are there, and keeps its answer by them.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Door:
    """`prefix` stands before every path of the table; `key_header` is written as clients do."""

    name: str
    prefix: str
    key_header: str


OPENAI = Door("openai", "", "Authorization")  # Authorization: Bearer KEY
AZURE = Door("azure", "/openai", "api-key")  # api-key: KEY
DOORS = (OPENAI, AZURE)


def door_of(resource: str) -> Door:
    """The door of a gateway's resource, `/threads` or `/openai/threads`."""
    return AZURE if resource.startswith(f"{AZURE.prefix}/") else OPENAI


def table_path(resource: str) -> str:
    """The path that the route table has for a gateway's resource."""
    return resource.removeprefix(door_of(resource).prefix)
