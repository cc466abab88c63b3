"""Chat Completions on the wire: the chunks in the events of an answer.

A turn is over with `[DONE]`, or where its body ends after a `finish_reason`: many servers send no
more. A stream that ends before either was cut off, however cleanly.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from threadkeep.domain.runs import Usage
from threadkeep.providers import faults
from threadkeep.providers.call_order import CallOrder
from threadkeep.providers.characters import Characters
from threadkeep.providers.faults import Fault
from threadkeep.providers.port import (
    CallBegan,
    Chunk,
    Finished,
    FinishReason,
    Text,
)
from threadkeep.providers.shape import as_list, as_object, as_piece
from threadkeep.providers.sse import BrokenStream, EventDecoder
from threadkeep.providers.tool_call_deltas import ToolCallDeltas

_DONE = "[DONE]"
_MAX_TOKENS = 2**53
_CUT: tuple[FinishReason, ...] = ("length", "content_filter")


def read_chunks(pieces: Iterable[bytes]) -> Iterator[Chunk]:
    """The chunks of an answer, `Finished` the last; whatever is wrong with it is a `Fault`."""
    decoder, turn = EventDecoder(), _Turn()
    try:
        for piece in pieces:
            for data in decoder.feed(piece):
                if data == _DONE:
                    yield from turn.held()
                    yield turn.end()
                    return
                yield from turn.chunks(_parsed(data))
    except BrokenStream as broken:
        yield from turn.held()
        raise Fault(f"The model server sent {broken}") from None
    except Fault:
        yield from turn.held()
        raise
    yield from turn.held()
    if not turn.reasoned:
        raise Fault("The model server broke off its answer", passing=True)
    yield turn.end()


class _Turn:
    """What is known of a turn while it is read."""

    def __init__(self) -> None:
        self._calls = ToolCallDeltas()
        self._order = CallOrder()
        self._text = Characters()
        self._spoken = False
        self._reason: object = None
        self._usage: Usage | None = None

    def chunks(self, completion: Mapping[str, Any]) -> Iterator[Chunk]:
        """What one chunk of the completion says. The chunk with the usage has no choices."""
        if completion.get("error"):
            raise faults.of_error(completion["error"])
        self._usage = _usage(completion.get("usage")) or self._usage
        choice = as_object(as_list(completion.get("choices") or [{}])[0])
        self._reason = choice.get("finish_reason") or self._reason
        delta = as_object(choice.get("delta") or {})
        # A refusal is the answer in the model's own words.
        if text := delta.get("content") or delta.get("refusal"):
            self._spoken = True
            yield from _texts(self._text.take(as_piece(text)))
        for entry in _call_entries(delta):
            for piece in self._calls.read(entry):
                if isinstance(piece, CallBegan):  # an entry that calls nothing ends no text
                    yield from _texts(self._text.rest())
                yield from self._order.take(piece)
        if self._reason:
            yield from self.held()

    @property
    def reasoned(self) -> bool:
        """Whether the server has said why the turn ends."""
        return self._reason is not None

    def held(self) -> Iterator[Chunk]:
        """What was held back, when nothing more comes of the text and the calls."""
        yield from _texts(self._text.rest())
        for piece in self._calls.rest():
            yield from self._order.take(piece)
        yield from self._order.rest()

    def end(self) -> Finished:
        """How it ended. Unknown, missing and `tool_calls` finish reasons count as `stop`."""
        for cut in _CUT:
            if self._reason == cut:
                return Finished(cut, self._usage)
        self._calls.check()
        if self._reason != "stop" and not (self._spoken or self._calls.begun):
            raise Fault("The model server ended its answer without a word or a reason")
        return Finished("stop", self._usage)


def _texts(text: str) -> Iterator[Text]:
    if text:
        yield Text(text)


def _call_entries(delta: Mapping[str, Any]) -> list[Any]:
    """The deltas of calls. `function_call` is how one call was sent before there were several."""
    entries = as_list(delta.get("tool_calls") or [])
    function = delta.get("function_call")
    return [{"index": 0, "function": function}] if function and not entries else entries


def _parsed(data: str) -> Mapping[str, Any]:
    try:
        return as_object(json.loads(data))
    except (ValueError, RecursionError):
        raise Fault("The model server sent broken JSON") from None


def _usage(usage: object) -> Usage | None:
    """What the provider counted; None where it counted nothing, as in all chunks but the last."""
    if not isinstance(usage, dict):
        return None
    counted = Usage(
        prompt_tokens=_count(usage, "prompt_tokens"),
        completion_tokens=_count(usage, "completion_tokens"),
        cached_tokens=_count(usage.get("prompt_tokens_details"), "cached_tokens"),
        reasoning_tokens=_count(usage.get("completion_tokens_details"), "reasoning_tokens"),
    )
    return counted if counted.total else None


def _count(counts: object, name: str) -> int:
    """A number of tokens, 0 where the provider gave none that makes sense."""
    count = counts.get(name) if isinstance(counts, dict) else None
    return count if type(count) is int and 0 <= count < _MAX_TOKENS else 0
