"""The document itself, as a value and as the text of `docs/openapi.json`."""

import json
import re
from collections.abc import Iterable
from functools import cache

from functions.doors import AZURE
from functions.routes import ROUTES, Route
from infra.openapi.operations import OPERATIONS, Operation, item_of
from infra.openapi.parameters import (
    HEADERS,
    Schema,
    header_parameter,
    page_parameters,
    path_parameter,
    query_parameter,
)
from infra.openapi.schemas import id_schema, reference, schemas
from threadkeep.wire.headers import OPENAI_VERSION, POLL_AFTER
from threadkeep.wire.shapes import ErrorResponse

_DESCRIPTION = (
    "The OpenAI Assistants API v2 as Threadkeep serves it. Optional parameters may be null, which "
    "is the same as leaving them out."
)
_KEY = {"type": "http", "scheme": "bearer", "description": "An API key opens one project."}
_AZURE_KEY = {
    "type": "apiKey",
    "in": "header",
    "name": AZURE.key_header,
    "description": f"The same key, on the server whose paths begin with `{AZURE.prefix}`.",
}
_AZURE_SERVER = {
    "url": f"/v1{AZURE.prefix}",
    "description": "For Azure's clients. `api-version` is accepted and has no effect.",
}


@cache
def document() -> Schema:
    """The document. It is shared: nobody may change it."""
    paths: dict[str, Schema] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Threadkeep", "version": OPENAI_VERSION, "description": _DESCRIPTION},
        "servers": [{"url": "/v1"}, _AZURE_SERVER],
        "security": [{"api_key": []}, {"azure_key": []}],
        "paths": paths,
        "components": {
            "schemas": schemas(),
            "responses": {"Error": _response("What was wrong.", _json(reference(ErrorResponse)))},
            "headers": HEADERS,
            "securitySchemes": {"api_key": _KEY, "azure_key": _AZURE_KEY},
        },
    }


def text() -> str:
    """The document as a file."""
    return json.dumps(document(), ensure_ascii=False, indent=2) + "\n"


def _operation(route: Route) -> Schema:
    known = OPERATIONS[route.handler]
    names = re.findall(r"\{(\w+)\}", route.path)
    parameters = [path_parameter(name) for name in names]
    if item := item_of(known.answer):
        parameters += page_parameters(id_schema(item))
    parameters += [query_parameter(name) for name in route.query]
    parameters += [header_parameter(name) for name in route.headers]
    described: Schema = {
        "operationId": route.handler.removeprefix("functions.").replace(".", "_"),
        "tags": [route.handler.split(".")[1]],
    }
    if parameters:
        described["parameters"] = parameters
    if known.body:
        required = any(field.is_required() for field in known.body.model_fields.values())
        content = _json(reference(known.body))
        described["requestBody"] = {"content": content, "required": required}
    error = {"$ref": "#/components/responses/Error"}
    good = {} if known.refused else {"200": _answer(route, known)}
    described["responses"] = {**good, "4XX": error, "5XX": error}
    return described


def _answer(route: Route, known: Operation) -> Schema:
    content = {} if known.answer is None else _json(reference(known.answer))
    if route.streaming:
        content["text/event-stream"] = {"schema": {"type": "string"}}
    more = (POLL_AFTER,) if route.polled else ()
    return _response("Done.", content, more)


def _response(description: str, content: Schema, more: Iterable[str] = ()) -> Schema:
    names = ("x-request-id", "openai-version", "openai-processing-ms", *more)
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
    return {"description": description, "headers": headers, "content": content}


def _json(schema: Schema) -> Schema:
    return {"application/json": {"schema": schema}}
