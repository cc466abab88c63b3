"""Much to hold: long messages, endless answers, unfinished bodies, keys that open nothing."""

import socket
import time
from contextlib import closing, suppress
from http import HTTPStatus
from http.client import HTTPConnection

from bench.attacks.stage import Stage, Stopwatch, many
from bench.attacks.victim import Peak
from tests.model_turns import Answer, Say, delta

_LONG = "long word " * 25_599 + "smile: \N{SLIGHTLY SMILING FACE}"  # the most of a text, nearly
_PARTS = 4
_MESSAGES = 150
_BODIES, _BODY = 100, 5 * 1024 * 1024
_KEYS, _KEY_LENGTH = 10_000, 8_000
_ENDLESS = 60  # seconds


class Endless:
    """An answer that goes on until its reader leaves, or a minute is over."""

    def __init__(self) -> None:
        self.mb = 0.0

    def play(self, answer: Answer) -> None:
        watch, piece = Stopwatch(), "word " * 2_000
        answer.begin(200, {"Content-Type": "text/event-stream"})
        while watch.seconds < _ENDLESS:
            answer.event(delta(content=piece))
            self.mb += len(piece) / 1e6
        Say("").finish(answer)


def write_long_messages(stage: Stage) -> None:
    victim = stage.victim
    thread = victim.new("/threads", {})["id"]
    content = [{"type": "text", "text": _LONG}] * _PARTS
    message = {"role": "user", "content": content}
    many(_MESSAGES, lambda _: victim.new(f"/threads/{thread}/messages", message), hands=2)
    victim.stop()  # what writing them took is not counted
    victim.start()
    victim.peak = Peak()


def long_messages(stage: Stage) -> str:
    victim = stage.victim
    thread = victim.ask("GET", "/threads")[1]["data"][0]["id"]
    assistant, watch = victim.assistant(), Stopwatch()
    run = victim.new(f"/threads/{thread}/runs", {"assistant_id": assistant})
    victim.ended([run], 30)
    return f"the run is {victim.status(run)} after {watch}"


def endless_answer(stage: Stage) -> str:
    endless = Endless()
    stage.model.turn = lambda _: endless
    victim, watch = stage.victim, Stopwatch()
    run = victim.new_run(victim.assistant())
    with suppress(OSError):
        victim.ended([run], _ENDLESS + 15)
    status = victim.killed or f"the run is {victim.status(run)} after {watch}"
    return f"{status}; the model said {endless.mb:.0f} MB"


def unfinished_bodies(stage: Stage) -> str:
    """All but the last byte of a body, with a key that opens nothing."""
    host, port = stage.victim.host.split(":")
    head = (
        f"POST /v1/threads HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer sk-wrong\r\n"
        f"Content-Type: application/json\r\nContent-Length: {_BODY}\r\n\r\n"
    )
    held: list[socket.socket] = []

    def send(_: int) -> None:
        sock = socket.create_connection((host, int(port)), timeout=20)
        held.append(sock)
        sock.sendall(head.encode() + b" " * (_BODY - 1))

    many(_BODIES, send)
    time.sleep(5)
    refused = sum(_is_closed(sock) for sock in held)
    for sock in held:
        sock.close()
    return f"{refused} of {_BODIES} refused before their end"


def wrong_keys(stage: Stage) -> str:
    watch, statuses = Stopwatch(), set[int]()

    def ask(hand: int) -> None:
        with closing(HTTPConnection(stage.victim.host, timeout=30)) as connection:
            for number in range(hand * _KEYS // 8, (hand + 1) * _KEYS // 8):
                key = f"sk-{number}-".ljust(_KEY_LENGTH, "x")
                connection.request("GET", "/v1/models", headers={"authorization": f"Bearer {key}"})
                response = connection.getresponse()
                response.read()
                statuses.add(response.status)

    many(8, ask, hands=8)
    return f"answered {', '.join(map(str, sorted(statuses)))}, all within {watch}"


def _is_closed(sock: socket.socket) -> bool:
    """Whether an answer, or the end, has come."""
    sock.settimeout(0)
    try:
        answer = sock.recv(12)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return str(HTTPStatus.CONTINUE.value).encode() not in answer
