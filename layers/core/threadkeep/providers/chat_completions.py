"""Chat Completions on the wire: the body of a request, and the chunks in the events of its answer.

A turn is over only with `[DONE]`: a stream that ends without it was cut off, however cleanly.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, get_args

from threadkeep.domain.objects import Usage
from threadkeep.providers import faults
from threadkeep.providers.faults import Fault
from threadkeep.providers.port import ChatRequest, Chunk, Finished, FinishReason, Text
from threadkeep.providers.sse import BrokenStream, EventDecoder

_DONE = "[DONE]"
_DEFAULT_SAMPLING = 1.0
_MAX_TOKENS = 2**53
_REASONS: tuple[FinishReason, ...] = get_args(FinishReason)


def request_body(request: ChatRequest, *, ask_for_usage: bool) -> bytes:
    """The JSON of a request.

    Sampling at its default is left out: many models refuse to be told even that.
    """
    body: dict[str, Any] = {
        "model": request.model,
        "messages": list(request.messages),
        "stream": True,
    }
    if ask_for_usage:
        body["stream_options"] = {"include_usage": True}
    sampling = {"temperature": request.temperature, "top_p": request.top_p}
    body |= {name: value for name, value in sampling.items() if value != _DEFAULT_SAMPLING}
    return json.dumps(body, ensure_ascii=False).encode(errors="replace")


def read_chunks(pieces: Iterable[bytes]) -> Iterator[Chunk]:
    """The chunks of an answer, `Finished` the last; whatever is wrong with it is a `Fault`."""
    decoder, turn = EventDecoder(), _Turn()
    try:
        for piece in pieces:
            for data in decoder.feed(piece):
                if data == _DONE:
                    yield turn.end()
                    return
                yield from turn.texts(_parsed(data))
    except BrokenStream as broken:
        raise Fault(f"The model server sent {broken}") from None
    raise Fault("The model server broke off its answer")


class _Turn:
    """What is known of a turn while it is read."""

    def __init__(self) -> None:
        self._spoken = False
        self._reason: object = None
        self._usage: Usage | None = None

    def texts(self, completion: Mapping[str, Any]) -> Iterator[Text]:
        """The text in one chunk of the completion. The chunk with the usage has no choices."""
        if completion.get("error"):
            raise faults.of_error(completion["error"])
        self._usage = _usage(completion.get("usage")) or self._usage
        choices = completion.get("choices") or [{}]
        choice = _object(choices[0] if isinstance(choices, list) else None)
        self._reason = choice.get("finish_reason") or self._reason
        delta = _object(choice.get("delta") or {})
        if delta.get("tool_calls"):
            raise Fault("The model called a function that the run does not have")
        # A refusal is the answer in the model's own words.
        if text := delta.get("content") or delta.get("refusal"):
            self._spoken = True
            yield Text(_well_formed(text))

    def end(self) -> Finished:
        """How it ended. With no reason, or one that nobody knows, what was said stands (`stop`)."""
        for reason in _REASONS:
            if reason == self._reason:
                return Finished(reason, self._usage)
        if not self._spoken:
            raise Fault("The model server ended its answer without a word or a reason")
        return Finished("stop", self._usage)


def _parsed(data: str) -> Mapping[str, Any]:
    try:
        return _object(json.loads(data))
    except (ValueError, RecursionError):
        raise Fault("The model server sent broken JSON") from None


def _object(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Fault("The model server sent something other than chunks of a chat completion")
    return value


def _well_formed(text: object) -> str:
    """Text that can be stored: JSON can escape halves of characters, UTF-8 can't hold them."""
    if not isinstance(text, str):
        raise Fault("The model server sent something other than chunks of a chat completion")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Fault("The model server sent broken UTF-8") from None
    return text


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
