"""What a client, and all of them together, may take of the server."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Seconds and bytes; the defaults are what `serve` has."""

    connections: int = 1_000  # at the same time; `serve` has as many as its descriptors allow
    progress: float = 10  # seconds without a byte of a request that has begun
    head: float = 60  # seconds for a request line and its headers
    body: float = 300  # seconds for a body
    room: float = 30  # seconds that a large body waits for room
    skip: float = 30  # seconds that the body of a refused request is read, for nothing
    unread: float = 60  # seconds in which a client reads nothing of its answer
    parting: float = 2  # seconds that a client may take to read why its connection ends

    head_bytes: int = 16_384
    small_body_bytes: int = 65_536  # up to here a body needs no room
    bodies_bytes: int = 32_000_000  # of larger bodies, all together
    skipped_bytes: int = 64_000_000  # of one refused request
    unread_bytes: int = 64_000_000  # of answers that nobody reads, all together


DEFAULTS = Limits()
