"""Server-sent events out of bytes.

How the bytes are cut never changes the events, and no event is unbounded.
"""

from collections.abc import Iterator

MAX_EVENT = 4 * 1024 * 1024
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class BrokenStream(ValueError):
    """These bytes are no stream of events; the text says why and holds nothing of them."""


class EventDecoder:
    """Takes bytes as they come and gives the data of each event once it is whole."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._data: list[str] = []
        self._size = 0
        self._first_line = True
        self._after_return = False

    def feed(self, piece: bytes) -> Iterator[str]:
        """The data of the events that end in `piece`. A line ends with CR LF, LF or CR."""
        if not piece:
            return
        if self._after_return:
            piece = piece.removeprefix(b"\n")
        self._after_return = piece.endswith(b"\r")
        *ends, rest = piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        for end in ends:
            self._append(end)
            yield from self._end_line()
        self._append(rest)

    def _append(self, part: bytes) -> None:
        self._line += part
        if self._size + len(self._line) > MAX_EVENT:
            raise BrokenStream(f"an event of more than {MAX_EVENT} bytes")

    def _end_line(self) -> Iterator[str]:
        line = bytes(self._line)
        self._line.clear()
        if self._first_line:
            self._first_line = False
            line = line.removeprefix(_BYTE_ORDER_MARK)
        if not line:
            yield from self._end_event()
            return
        field, _, value = line.partition(b":")
        if field == b"data":
            self._size += len(line)
            # Bytes that are no text are kept: more of their character may come in the next event.
            self._data.append(value.removeprefix(b" ").decode(errors="surrogateescape"))

    def _end_event(self) -> Iterator[str]:
        data, self._data, self._size = self._data, [], 0
        if data:
            yield "\n".join(data)
