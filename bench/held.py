"""What clients can make `serve` hold: its largest memory under unfinished bodies, whole large ones
and wrong keys. Linux only.
"""

import json
import socket
import tempfile
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path

from tests.serve_process import KEY, Serve, serving

_CLIENTS = 100
_WRONG_KEYS = 10_000
_STALLED = 2  # seconds after which a client sends no more
_PATIENCE = 120  # seconds after which something is stuck
_MESSAGE = {"role": "user", "content": "x" * 250_000}
_BODY = json.dumps({"messages": [_MESSAGE] * 19}).encode()


def _post(host: str, key: str, body: bytes, patience: float) -> bytes:
    """Send a request whose body may lack its end; the status line, if there is one in time."""
    name, _, port = host.partition(":")
    head = (
        f"POST /v1/threads HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(_BODY)}\r\n\r\n"
    )
    with socket.create_connection((name, int(port)), patience) as client, suppress(OSError):
        client.sendall(head.encode() + body)
        return client.recv(65_536).split(b"\r\n")[0]
    return b""


def _by_many(call: Callable[[], object]) -> None:
    threads = [threading.Thread(target=call) for _ in range(_CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _unfinished(host: str, key: str) -> None:
    _by_many(lambda: _post(host, key, _BODY[:-1], _STALLED))


def _whole(host: str) -> None:
    _by_many(lambda: _post(host, KEY, _BODY, _PATIENCE))


def _wrong_keys(host: str) -> None:
    connection = HTTPConnection(host, timeout=_PATIENCE)
    for number in range(_WRONG_KEYS):
        key = f"sk-{number:05}".ljust(8_000, "x")
        connection.request("GET", "/v1/models", headers={"authorization": f"Bearer {key}"})
        connection.getresponse().read()
    connection.close()


def _largest(serve: Serve) -> float:
    """MB that the process has had in memory so far."""
    status = Path(f"/proc/{serve.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1000


def main() -> None:
    attacks: dict[str, Callable[[str], object]] = {
        "nothing": lambda _: None,
        f"{_CLIENTS} unfinished bodies": lambda host: _unfinished(host, KEY),
        "the same with a wrong key": lambda host: _unfinished(host, "sk-wrong"),
        f"{_CLIENTS} whole bodies": _whole,
        f"{_WRONG_KEYS} wrong keys": _wrong_keys,
    }
    for name, attack in attacks.items():
        with (
            tempfile.TemporaryDirectory() as folder,
            serving(Path(folder), "--api-key", KEY) as serve,
        ):
            # Its log is read, or it would wait for a reader.
            threading.Thread(target=deque, args=(serve.process.stdout, 0), daemon=True).start()
            attack(serve.host)
            print(f"{name:<28} {_largest(serve):5.0f} MB", flush=True)


if __name__ == "__main__":
    main()
