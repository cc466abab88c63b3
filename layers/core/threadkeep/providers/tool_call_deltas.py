"""Function calls out of a turn's deltas, however a server cuts, numbers and names them.

A delta goes on with the call of its `index`; without one with the call of its `id`, else with the
last. Some servers give every call the same index, or the same id, or none: then a delta that names
a function begins another call if it can't belong to the one it points at.
"""

import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from threadkeep.domain.ids import ALPHABET, LENGTH
from threadkeep.domain.tool_calls import MAX_CALL_ID
from threadkeep.providers.arguments import Arguments
from threadkeep.providers.characters import Characters
from threadkeep.providers.faults import Fault
from threadkeep.providers.port import MOST_CALLS, MOST_SAID, CallArguments, CallBegan
from threadkeep.providers.shape import as_object, as_piece, as_text


@dataclass(frozen=True)
class _Delta:
    """An entry of `tool_calls`; what it does not say is None or empty."""

    index: int | None
    id: str
    name: str
    arguments: str


@dataclass
class _Call:
    """A call while it is read; `number` is its place among the calls that have begun."""

    id: str = ""
    name: str = ""
    number: int | None = None
    arguments: Arguments = field(default_factory=Arguments)
    characters: Characters = field(default_factory=Characters)


class ToolCallDeltas:
    """The calls of one turn. A call begins with its name; what comes before that waits for it.

    What may wait is bounded: calls beyond what a turn may come to are a `Fault`.
    """

    def __init__(self) -> None:
        self.begun = 0
        self._size = 0
        self._ids: set[str] = set()
        self._by_index: dict[int, _Call] = {}
        self._by_id: dict[str, _Call] = {}
        self._calls: list[_Call] = []

    def read(self, entry: object) -> Iterator[CallBegan | CallArguments]:
        """What an entry of `tool_calls` brings."""
        delta = _delta(as_object(entry))
        self._size += len(delta.id) + len(delta.name) + len(delta.arguments)
        call = self._continued(delta) or self._new(delta)
        if len(self._calls) > MOST_CALLS or self._size > MOST_SAID:
            raise Fault("The model server sent more calls than a turn may make")
        call.id, call.name = call.id or delta.id, call.name or delta.name
        piece = call.characters.take(delta.arguments)
        pieces = [piece] if piece else []
        if piece:
            call.arguments.add(piece)
        if call.number is None and call.name:
            call.number, pieces = self.begun, call.arguments.pieces
            self.begun += 1
            yield CallBegan(call.number, self._unique(call.id), call.name)
        if call.number is not None:
            for piece in pieces:
                yield CallArguments(call.number, piece)

    def rest(self) -> Iterator[CallArguments]:
        """What stays broken of the calls' arguments, when nothing more comes of them."""
        for call in self._calls:
            if (rest := call.characters.rest()) and call.number is not None:
                yield CallArguments(call.number, rest)

    def check(self) -> None:
        """At the end of the turn: nothing may still wait for its name."""
        if any(call.number is None and (call.id or call.arguments.pieces) for call in self._calls):
            raise Fault("The model called a function without saying which")

    def _continued(self, delta: _Delta) -> _Call | None:
        """The call that the delta goes on with, None if it begins one."""
        call = self._pointed_at(delta)
        return None if call is None or _begins_another(delta, call) else call

    def _pointed_at(self, delta: _Delta) -> _Call | None:
        if delta.index is not None:
            return self._by_index.get(delta.index)
        if call := self._by_id.get(delta.id):
            return call
        last = self._calls[-1] if self._calls else None
        return last if last and not (delta.name and last.name) else None

    def _new(self, delta: _Delta) -> _Call:
        call = _Call()
        self._calls.append(call)
        if delta.index is not None:
            self._by_index[delta.index] = call
        if delta.id:
            self._by_id[delta.id] = call
        return call

    def _unique(self, id_: str) -> str:
        """The server's id if it is one, and no other call's: apps answer calls by their ids."""
        while not 0 < len(id_) <= MAX_CALL_ID or id_ in self._ids:
            id_ = f"call_{''.join(secrets.choice(ALPHABET) for _ in range(LENGTH))}"
        self._ids.add(id_)
        return id_


def _begins_another(delta: _Delta, call: _Call) -> bool:
    """Whether a delta that points at `call` has to be another: names and ids may be repeated."""
    if not delta.name or not call.name:
        return False
    if delta.name != call.name or (delta.id and call.id and delta.id != call.id):
        return True
    return bool(delta.arguments.strip()) and call.arguments.is_whole


def _delta(entry: Mapping[str, Any]) -> _Delta:
    function = as_object(entry.get("function") or {})
    index, id_ = entry.get("index"), entry.get("id")
    return _Delta(
        index=index if type(index) is int else None,
        id=as_text(id_) if isinstance(id_, str) else "",
        name=as_text(function.get("name") or ""),
        arguments=_arguments(function.get("arguments")),
    )


def _arguments(arguments: object) -> str:
    """The text as the model wrote it. Some servers parse it: then the JSON of what they made."""
    if isinstance(arguments, dict):
        arguments = json.dumps(arguments, ensure_ascii=False)
    return "" if arguments is None else as_piece(arguments)
