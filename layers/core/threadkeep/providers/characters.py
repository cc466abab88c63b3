r"""Text that came in pieces, each perhaps cut inside a character.

Servers cut what a model says as they like: between the halves of a surrogate pair (`\ud83d` in one
chunk, `\ude00` in the next), or between the bytes of a character. The text counts that the pieces
make together; what stays broken is U+FFFD, as everywhere where text is decoded.
"""

import codecs
import re

BROKEN = "\ufffd"
_PAIRS = "utf-16-le"
_HIGH = re.compile("[\ud800-\udbff]")
# Python keeps a byte that is no text as one of \udc80 to \udcff (`surrogateescape`). All other
# surrogates are halves of pairs.
_HALF = re.compile("[\ud800-\udc7f\udd00-\udfff]")


class Characters:
    """Joins the pieces of one text. What may go on in the next piece waits for it."""

    def __init__(self) -> None:
        self._half = ""
        self._bytes = codecs.getincrementaldecoder("utf-8")("replace")

    def take(self, piece: str) -> str:
        """What can be said now that this piece has come."""
        text = _joined(self._half + piece)
        self._half = text[-1:] if _HIGH.match(text[-1:]) else ""
        return self._decoded(text[: len(text) - len(self._half)], final=False)

    def rest(self) -> str:
        """What is still held when the text is over: a broken character, or nothing."""
        half, self._half = self._half, ""
        return self._decoded(half, final=True)

    def _decoded(self, text: str, *, final: bool) -> str:
        escaped = _HALF.sub(BROKEN, text).encode("utf-8", "surrogateescape")
        return self._bytes.decode(escaped, final)


def whole(text: str) -> str:
    """A text that came in one piece."""
    characters = Characters()
    return characters.take(text) + characters.rest()


def _joined(text: str) -> str:
    """The text with its surrogate pairs as the characters they make."""
    return text.encode(_PAIRS, "surrogatepass").decode(_PAIRS, "surrogatepass")
