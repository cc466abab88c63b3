"""The parameters of paths and queries, and the headers of answers."""

from typing import Any

from threadkeep.wire.headers import POLL_AFTER
from threadkeep.wire.ids import IDS, id_schema
from threadkeep.wire.include import FILE_SEARCH_CONTENT
from threadkeep.wire.pages import MAX_LIMIT

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_WHOLE: Schema = {"type": "string", "pattern": "^[0-9]+$"}

HEADERS: Schema = {
    "x-request-id": {"schema": {"type": "string", "pattern": "^req_[0-9a-f]{32}$"}},
    "openai-version": {"schema": _TEXT},
    "openai-processing-ms": {"schema": _WHOLE},
    POLL_AFTER: {"schema": _WHOLE, "description": "Milliseconds until the next look."},
}


def path_parameter(name: str) -> Schema:
    """What stands for `{name}` in a path."""
    schema = _id(name) if name in IDS else _TEXT
    return {"name": name, "in": "path", "required": True, "schema": schema}


def query_parameter(name: str) -> Schema:
    """A parameter of a query that is none of a page's."""
    if name in IDS:
        return _query(name, _id(name))
    return _query(
        name, {"type": "array", "items": {"type": "string", "enum": [FILE_SEARCH_CONTENT]}}
    )


def header_parameter(name: str) -> Schema:
    """A header that an endpoint listens to: the number of an event."""
    return {"name": name, "in": "header", "schema": _WHOLE}


def page_parameters(cursor: Schema) -> list[Schema]:
    """What a list may be asked for; a cursor is an id of its objects."""
    limit = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": 20}
    order = {"type": "string", "enum": ["asc", "desc"], "default": "desc"}
    return [
        _query("limit", limit),
        _query("order", order),
        _query("after", cursor),
        _query("before", cursor),
    ]


def _query(name: str, schema: Schema) -> Schema:
    return {"name": name, "in": "query", "schema": schema}


def _id(name: str) -> Schema:
    return {"type": "string", **id_schema(IDS[name])}
