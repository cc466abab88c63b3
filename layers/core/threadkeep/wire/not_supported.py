"""THE tables of what later issues build. What an entry names is refused, never ignored.

Null and defaults are never refused. Assistants and threads store and echo what no run may use yet.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from threadkeep.domain.errors import InvalidRequest
from threadkeep.domain.runs import RunSnapshot
from threadkeep.domain.settings import UnavailableTools
from threadkeep.wire.bodies.messages import CreateMessage
from threadkeep.wire.bodies.runs import CreateRun, CreateThreadAndRun
from threadkeep.wire.bodies.threads import CreateThread
from threadkeep.wire.bodies.tools import NewToolResources

UNSUPPORTED_TOOLS = frozenset({"code_interpreter", "file_search"})

_LOG = logging.getLogger("threadkeep.requests")
_REFUSED = (
    "The tool '{}' is not supported yet. Pass 'tools' without it when you create the run, or have"
    " this deployment leave such tools out of runs: unavailable_tools=drop."
)


def _kind(value: Any) -> str:
    """The `type` of a tool, a format or a part, as parsed or as stored; a string is its own."""
    if isinstance(value, str):
        return value
    kind: str = value["type"] if isinstance(value, Mapping) else value.type
    return kind


def _always(_: object) -> bool:
    return True


UNSUPPORTED_PARAMETERS: Mapping[str, Callable[[Any], bool]] = {
    "image_file": _always,
    "attachments": bool,
    "vector_stores": bool,
}


def refuse_stream(stream: bool | None, *, streaming: bool) -> None:  # noqa: FBT001
    """Refuses a stream where answers can't be streamed: a deployment may have it switched off."""
    if stream and not streaming:
        text = "'stream' is not supported by this deployment: it was made with streaming=false."
        raise InvalidRequest(text, "stream", "unsupported_parameter")


def refuse_replay(*, streaming: bool) -> None:
    """The same for whoever joins a stream, where no parameter asks for it."""
    if not streaming:
        text = "Streams are not supported by this deployment: it was made with streaming=false."
        raise InvalidRequest(text)


def refuse_tool_resources(resources: NewToolResources | None, path: str = "") -> None:
    """Refuses vector stores that would have to be made."""
    if resources and resources.file_search:
        stores = resources.file_search.vector_stores
        _refuse("vector_stores", stores, param=f"{path}tool_resources.file_search.vector_stores")


def refuse_message(message: CreateMessage, path: str = "") -> None:
    """Refuses what a message may not hold yet."""
    if not isinstance(message.content, str):
        for part in message.content:
            _refuse(part.type, part, param=f"{path}content")
    _refuse("attachments", message.attachments, param=f"{path}attachments")


def refuse_thread(thread: CreateThread, path: str = "") -> None:
    """Refuses what a new thread may not hold yet."""
    _refuse_messages(thread.messages, f"{path}messages")
    refuse_tool_resources(thread.tool_resources, path)


def refuse_run(body: CreateRun | CreateThreadAndRun) -> None:
    """Refuses what the request asks of a run: all that can be said before the assistant is read."""
    for name, value in body:
        _refuse(name, value)
    if isinstance(body, CreateRun):
        _refuse_messages(body.additional_messages, "additional_messages")
    elif body.thread is not None:
        refuse_thread(body.thread, "thread.")


def available_run(run: RunSnapshot, unavailable_tools: UnavailableTools) -> RunSnapshot:
    """The run with the tools that this deployment has; refused where the others are not to be
    dropped. A choice that nothing is left for is `auto`.
    """
    missing = sorted({_kind(each) for each in [*run.tools, run.tool_choice]} & UNSUPPORTED_TOOLS)
    if not missing:
        return run
    if unavailable_tools == "refuse":
        raise InvalidRequest(_REFUSED.format(missing[0]), "tools", "unsupported_tool")
    _LOG.warning("left out of a run: %s", " and ".join(missing), extra={"thread_id": run.thread_id})
    tools = [tool for tool in run.tools if _kind(tool) not in UNSUPPORTED_TOOLS]
    possible = tools and _kind(run.tool_choice) not in UNSUPPORTED_TOOLS
    return replace(run, tools=tools, tool_choice=run.tool_choice if possible else "auto")


def _refuse_messages(messages: Iterable[CreateMessage] | None, path: str) -> None:
    for index, message in enumerate(messages or ()):
        refuse_message(message, f"{path}[{index}].")


def _refuse(name: str, value: object, *, param: str | None = None) -> None:
    unsupported = UNSUPPORTED_PARAMETERS.get(name)
    if value is not None and unsupported is not None and unsupported(value):
        text = f"'{name}' is not supported yet."
        raise InvalidRequest(text, param or name, "unsupported_parameter")
