"""What the JSON of a model server must look like where it is read; anything else is a `Fault`."""

from collections.abc import Mapping
from typing import Any

from threadkeep.providers.characters import whole
from threadkeep.providers.faults import Fault

_NOT_A_CHUNK = "The model server sent something other than chunks of a chat completion"


def as_object(value: object) -> Mapping[str, Any]:
    """`value`, which must be an object."""
    if not isinstance(value, dict):
        raise Fault(_NOT_A_CHUNK)
    return value


def as_list(value: object) -> list[Any]:
    """`value`, which must be a list."""
    if not isinstance(value, list):
        raise Fault(_NOT_A_CHUNK)
    return value


def as_piece(value: object) -> str:
    """`value`, which must be text, or a piece of one that was cut anywhere (`Characters`)."""
    if not isinstance(value, str):
        raise Fault(_NOT_A_CHUNK)
    return value


def as_text(value: object) -> str:
    """`value`, which must be text and is all of it."""
    return whole(as_piece(value))
