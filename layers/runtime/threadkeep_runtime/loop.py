"""The loop: one invocation after the other, each answered as a stream, whatever it answers.

`handler(event, context)` gives status, headers and either a `body` or `chunks` of it. All of them
go out in one way: API Gateway reads a body without a prelude as an error where it expects streams.
Everything happens in the main thread, and nothing of an invocation is left when the next one comes.
"""

import base64
import json
import os
import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from importlib import import_module
from itertools import chain
from typing import Any

from threadkeep_runtime.runtime_api import NextInvocation, NobodyWaits, RuntimeApi, described

HandlerAnswer = Mapping[str, Any]
RuntimeHandler = Callable[[Any, "RuntimeContext"], HandlerAnswer]

_BETWEEN_PRELUDE_AND_BODY = bytes(8)
_NOTED: HandlerAnswer = {"statusCode": 200}


@dataclass(frozen=True)
class RuntimeContext:
    """What a function may know of its invocation, by the names of Lambda's own Python runtime."""

    aws_request_id: str
    invoked_function_arn: str
    deadline: int
    function_name: str
    function_version: str
    memory_limit_in_mb: str
    log_group_name: str
    log_stream_name: str

    @staticmethod
    def of(
        invocation: NextInvocation, environment: Mapping[str, str] = os.environ
    ) -> "RuntimeContext":
        """The context of an invocation in this environment."""

        def variable(name: str) -> str:
            return environment.get(f"AWS_LAMBDA_{name}", "")

        return RuntimeContext(
            aws_request_id=invocation.id,
            invoked_function_arn=invocation.function_arn,
            deadline=invocation.deadline,
            function_name=variable("FUNCTION_NAME"),
            function_version=variable("FUNCTION_VERSION"),
            memory_limit_in_mb=variable("FUNCTION_MEMORY_SIZE"),
            log_group_name=variable("LOG_GROUP_NAME"),
            log_stream_name=variable("LOG_STREAM_NAME"),
        )

    def get_remaining_time_in_millis(self) -> int:
        """The time until Lambda kills the invocation."""
        return max(0, self.deadline - int(time.time() * 1000))


def run() -> None:
    """Serve the function that the environment names, for as long as the environment lives."""
    api = RuntimeApi(os.environ["AWS_LAMBDA_RUNTIME_API"])
    try:
        handler = _find(os.environ["_HANDLER"])
    except Exception as error:  # noqa: BLE001  (the outermost edge)
        # No request was seen yet, so nothing that a user wrote can be in the message.
        _say("Init failed", error, str(error))
        api.fail_init(error)
        raise SystemExit(1) from None
    while True:
        _serve(api, handler, api.next())


def _find(name: str) -> RuntimeHandler:
    module, _, function = name.replace("/", ".").rpartition(".")
    handler: RuntimeHandler = getattr(import_module(module), function)
    return handler


def _serve(api: RuntimeApi, handler: RuntimeHandler, invocation: NextInvocation) -> None:
    """An error before the first byte is the invocation's; one after it, the response's end."""
    _set_trace(invocation.trace_id)
    try:
        answer = _answer(handler, invocation)
        prelude, body = _prelude(answer), _body(answer)
        first = next(body, b"")
    except Exception as error:  # noqa: BLE001  (the outermost edge)
        _say("Invocation failed", error)
        api.fail(invocation.id, error)
        return
    with closing(body), suppress(NobodyWaits):
        failure = api.respond(invocation.id, chain((prelude, first), body))
        if failure:
            _say("Response failed", failure)


def _set_trace(trace_id: str | None) -> None:
    """Where the X-Ray SDKs look for it."""
    if trace_id:
        os.environ["_X_AMZN_TRACE_ID"] = trace_id
    else:
        os.environ.pop("_X_AMZN_TRACE_ID", None)


def _answer(handler: RuntimeHandler, invocation: NextInvocation) -> HandlerAnswer:
    """What is no request needs no handler: API Gateway may tell that a stream has ended."""
    event = invocation.event
    if not isinstance(event, dict) or "httpMethod" not in event:
        return _NOTED
    return handler(event, RuntimeContext.of(invocation))


def _prelude(answer: HandlerAnswer) -> bytes:
    head = {"statusCode": answer["statusCode"], "headers": dict(answer.get("headers") or {})}
    return json.dumps(head, separators=(",", ":")).encode() + _BETWEEN_PRELUDE_AND_BODY


def _body(answer: HandlerAnswer) -> Generator[bytes]:
    """The body in chunks. To close it closes the function's chunks."""
    if "chunks" in answer:
        yield from answer["chunks"]
    elif answer.get("isBase64Encoded"):
        yield base64.b64decode(answer["body"])
    else:
        yield (answer.get("body") or "").encode()


def _say(what: str, error: Exception, message: str = "") -> None:
    description = described(error, message)
    sys.stderr.write(f"{what}: {description['errorType']} {description['errorMessage']}\n")
