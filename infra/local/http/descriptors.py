"""How many of the process's file descriptors are for connections, and how many are kept from them.

Whatever clients do, SQLite and the models' connections find descriptors: a run that was accepted
goes on while nobody can connect.
"""

import resource
from contextlib import suppress

_WANTED = 16_384  # descriptors, where the system gives so many
_OURS = 48  # files, the listening socket, event loop, logs, and the moment of accepting
_MOST = 4_096  # connections: each may have a thread
_FEWEST = 8


def connections() -> int:
    """The number of connections to serve at a time: a third of what there is.

    A request may read through a connection of SQLite's (two descriptors) at that moment, a run
    holds up to three: a socket, its second handle and a selector.
    """
    return max(_FEWEST, min(_MOST, (_raised() - _OURS) // 3))


def _raised() -> int:
    """The limit, after it was raised as far as is wanted and allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return _WANTED
    wanted = _WANTED if hard == resource.RLIM_INFINITY else min(_WANTED, hard)
    if soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            return wanted
    return min(soft, _WANTED)
