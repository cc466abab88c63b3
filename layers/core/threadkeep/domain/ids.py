"""Ids that sort by creation, in bytes.

`prefix_` + 24 characters of `[0-9A-Za-z]`: 8 of milliseconds, 3 of a counter, 13 random, base 62
in ASCII order. The first 11 characters are an id's *place*. The id is the sort key and the cursor:
no look-up, no offset.
"""

import hashlib
import re
import secrets
import threading

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
LENGTH = 24
PLACE = 11
_COUNTER = 62**3
_ID = re.compile(r"[a-z]+_[0-9A-Za-z]+")
_PROJECT = re.compile(r"[0-9A-Za-z_-]{1,64}")


def base62(number: int, width: int) -> str:
    """`number` in `width` digits, so that the order of the texts is the order of the numbers."""
    digits = []
    for _ in range(width):
        number, digit = divmod(number, 62)
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))


def unbase62(text: str) -> int:
    """The number that `base62` made this text of."""
    number = 0
    for character in text:
        number = number * 62 + ALPHABET.index(character)
    return number


def well_formed(prefix: str, value: str) -> bool:
    """Whether `value` is an id of this kind: nothing else ever touches a key."""
    return value.startswith(f"{prefix}_") and _ID.fullmatch(value) is not None


def valid_project(value: str) -> bool:
    """Whether `value` can be part of a partition key."""
    return _PROJECT.fullmatch(value) is not None


def place(id_: str) -> str:
    """The part of an id that says when it was made."""
    return id_.partition("_")[2][:PLACE]


class IdSource:
    """Makes places that only ever grow within a process, also when the clock stands still or goes
    back.

    Two processes may make the same place (13 random characters tell the ids apart); the order
    inside a thread is guaranteed by the write that compares with the thread's `last_message_id`,
    not here.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def place(self, now: float, after: str = "") -> str:
        """A new place: at `now` (Unix seconds), but above every earlier one and above the place
        `after`.
        """
        with self._lock:
            floor = max(self._last, unbase62(after[:PLACE].ljust(PLACE, "0")))
            self._last = max(int(now * 1000) * _COUNTER, floor + 1)
            return base62(self._last, PLACE)

    def new(self, prefix: str, now: float, after: str = "") -> str:
        """A new id, above the place `after`."""
        return in_place(prefix, self.place(now, after))


def in_place(prefix: str, place_: str) -> str:
    """An id in a given place, told apart from others there by 13 random characters."""
    return f"{prefix}_{place_}{''.join(secrets.choice(ALPHABET) for _ in range(LENGTH - PLACE))}"


def of_run(prefix: str, run_id: str, number: int) -> str:
    """The id of a run's step or message `number` (from 0): the same in every attempt, in the order
    of the steps.
    """
    digest = hashlib.sha256(f"{run_id}/{number}".encode()).digest()
    tail = base62(int.from_bytes(digest) % 62**11, 11)
    return f"{prefix}_{place(run_id)}{base62(number, 2)}{tail}"


def end_of_run(prefix: str, run_id: str) -> str:
    """The highest id that a step or message of this run can have."""
    return f"{prefix}_{place(run_id)}".ljust(len(prefix) + 1 + LENGTH, "z")
