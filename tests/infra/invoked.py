"""The functions that the tests of the runtime invoke. They run in the environments' processes."""

import base64
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

SECRET = "what a user wrote"
closed: list[str] = []
seen: list[object] = []


def handler(event: Any, context: Any) -> dict[str, Any]:
    seen.append(event)
    return _ANSWERS[event["do"]](event, context)


def _json(_event: Any, _context: Any) -> dict[str, Any]:
    return {"statusCode": 404, "headers": {"x-id": "1"}, "body": '{"é":1}'}


def _binary(_event: Any, _context: Any) -> dict[str, Any]:
    body = base64.b64encode(bytes(range(256))).decode()
    return {"statusCode": 200, "headers": {}, "body": body, "isBase64Encoded": True}


def _chunks(event: Any, _context: Any) -> dict[str, Any]:
    return {"statusCode": 200, "headers": {"a": "b"}, "chunks": _made(event["script"])}


def _made(script: str) -> Iterator[bytes]:
    """A letter is a chunk; `.` waits to be let go, `-` is an empty chunk, `!` an error, and `*`
    goes on for ever.
    """
    try:
        for letter in script:
            while letter == "*":
                yield bytes(65_536)
            if letter == ".":
                sys.stdin.buffer.read(1)
            elif letter == "!":
                raise ValueError(SECRET)
            else:
                yield letter.replace("-", "").encode()
    finally:
        closed.append(script)


def _fail(_event: Any, _context: Any) -> dict[str, Any]:
    raise ValueError(SECRET)


def _no_answer(_event: Any, _context: Any) -> Any:
    return {"headers": {}, "body": "no status"}


def _about(_event: Any, context: Any) -> dict[str, Any]:
    names = [name for name in dir(context) if not name.startswith("_")]
    about = {
        "closed": closed,
        "context": {name: value for name in names if not callable(value := getattr(context, name))},
        "remaining": context.get_remaining_time_in_millis(),
        "path": sys.path,
        "seen": seen,
        "threads": [thread.name for thread in threading.enumerate()],
        "trace": os.environ.get("_X_AMZN_TRACE_ID"),
    }
    return {"statusCode": 200, "body": json.dumps(about)}


_ANSWERS: dict[str, Callable[[Any, Any], dict[str, Any]]] = {
    "json": _json,
    "binary": _binary,
    "chunks": _chunks,
    "fail": _fail,
    "no answer": _no_answer,
    "about": _about,
}
