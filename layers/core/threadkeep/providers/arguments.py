"""A call's arguments as they come: are they a whole JSON object yet?"""

import json
import re

_MARKS = re.compile(r'[\\"{}\[\]]')
_SPACE = " \t\r\n"


class Arguments:
    """Pieces of a JSON text. However many there are, each is looked at once, and parsed once at
    most: where the brackets close.
    """

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self._depth = 0
        self._in_string = False
        self._skip = 0  # characters of the next piece that an escape has taken the meaning of
        self._closed = False
        self._is_object: bool | None = None

    def add(self, piece: str) -> None:
        """The text goes on with this."""
        self.pieces.append(piece)
        behind = piece if self._closed else self._scan(piece)
        if behind.strip(_SPACE):
            self._is_object = False

    @property
    def is_whole(self) -> bool:
        """Whether they are a JSON object: nothing can follow in them."""
        if self._closed and self._is_object is None:
            self._is_object = _is_object("".join(self.pieces))
        return bool(self._is_object)

    def _scan(self, piece: str) -> str:
        """Follow the brackets outside of strings; what is behind the last of them to close."""
        for found in _MARKS.finditer(piece):
            at, mark = found.start(), found[0]
            if at < self._skip:
                continue
            if mark == '"':
                self._in_string = not self._in_string
            elif mark == "\\":
                self._skip = at + 2
            elif not self._in_string:
                self._depth += 1 if mark in "{[" else -1
                if self._depth <= 0:
                    self._closed = True
                    return piece[at + 1 :]
        self._skip = max(0, self._skip - len(piece))
        return ""


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False
