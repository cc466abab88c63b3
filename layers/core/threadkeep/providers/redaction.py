"""What a provider's text may show: no key, no prompt, and no more than 300 characters."""

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

from threadkeep.providers.content import text_of

MAX_TEXT = 300
_WINDOW = (
    24  # so many characters in a row are in both text and prompt only if the one quotes the other
)
_SHORTEST = 4  # a message below this is no secret, and hiding it would blot out half of the text


def redact(text: str, messages: Iterable[Mapping[str, Any]], key: str | None) -> str:
    """The start of `text` in one line, without the key and what it quotes of the messages."""
    if key:
        text = text.replace(key, "***")
    line = _in_one_line(text)[: MAX_TEXT + _WINDOW]
    hidden = [False] * len(line)
    for message in messages:
        _hide_quotes(line, _in_one_line(text_of(message)), hidden)
    runs = groupby(zip(line, hidden, strict=True), key=lambda pair: pair[1])
    shown = "".join("…" if is_hidden else "".join(c for c, _ in run) for is_hidden, run in runs)
    return shown[:MAX_TEXT]


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
