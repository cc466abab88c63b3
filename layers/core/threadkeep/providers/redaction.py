"""What a provider's text may show: no key, no prompt, and no more than 300 characters."""

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

MAX_TEXT = 300
# So many characters in a row are in both text and prompt only if the one quotes the other.
_WINDOW = 24
_SHORTEST = 4  # a message below this is no secret, and hiding it would blot out half of the text


def redact(text: str, messages: Iterable[Mapping[str, Any]], key: str | None) -> str:
    """The start of `text` in one line, without the key and what it quotes of the messages."""
    if key:
        text = text.replace(key, "***")
    line = _in_one_line(text)[: MAX_TEXT + _WINDOW]
    hidden = [False] * len(line)
    for message in messages:
        for secret in _secrets(message):
            _hide_quotes(line, secret, hidden)
    runs = groupby(zip(line, hidden, strict=True), key=lambda pair: pair[1])
    shown = "".join("…" if is_hidden else "".join(c for c, _ in run) for is_hidden, run in runs)
    return shown[:MAX_TEXT]


def _secrets(message: Mapping[str, Any]) -> Iterator[str]:
    """What a message says, each text as it is and as JSON quotes it."""
    for text in _texts(message):
        yield _in_one_line(text)
        quoted = json.dumps(text, ensure_ascii=False)[1:-1]
        if quoted != text:
            yield _in_one_line(quoted)


def _texts(message: Mapping[str, Any]) -> Iterator[str]:
    """Its content, or the texts and the addresses of the pictures in it; its calls' arguments."""
    content = message.get("content")
    if isinstance(content, str):
        yield content
    for part in content if isinstance(content, list | tuple) else ():
        yield part.get("text") or part.get("image_url", {}).get("url", "")
    for call in message.get("tool_calls") or ():
        yield call["function"]["arguments"]


def _hide_quotes(line: str, prompt: str, hidden: list[bool]) -> None:
    size = min(len(prompt), _WINDOW)
    if size < _SHORTEST:
        return
    for start in range(len(line) - size + 1):
        if line[start : start + size] in prompt:
            hidden[start : start + size] = [True] * size


def _in_one_line(text: str) -> str:
    words = (word if word.isprintable() else _printable(word) for word in text.split())
    return " ".join(" ".join(words).split())


def _printable(word: str) -> str:
    return "".join(c if c.isprintable() else " " for c in word)
