"""See the package."""

import argparse
import resource
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from http.client import HTTPException
from pathlib import Path

from bench.attacks import clock, crowds, memory, sockets, storage, time_squared
from bench.attacks.neighbour import Neighbour, Waits
from bench.attacks.stage import Attack, Model, Stage
from bench.attacks.victim import OTHER, Victim
from tests.model_server import ModelServer

_LONGEST = 90  # seconds of an attack
_CALM = 2  # seconds before and after it
ATTACKS = {
    "url": Attack(time_squared.long_url, "an image's URL of 100,000 characters"),
    "error": Attack(time_squared.provider_error, "a provider's error text of 64 KB"),
    "lock": Attack(storage.locked, "each file of the state locked for 12 s"),
    "restore": Attack(storage.restored, "an older copy of the data restored", watched=False),
    "messages": Attack(
        memory.long_messages,
        "a run on 150 messages of 1 MB",
        prepare=memory.write_long_messages,
    ),
    "endless": Attack(memory.endless_answer, "an answer that does not end"),
    "bodies": Attack(memory.unfinished_bodies, "100 bodies of 5 MB, unfinished, with a wrong key"),
    "keys": Attack(memory.wrong_keys, "10,000 wrong keys of 8 KB"),
    "half": Attack(sockets.half_sent, "200 requests, half sent"),
    "idle": Attack(
        sockets.idle,
        "idle connections, the server having 1,024 descriptors",
        prepare=sockets.limited,
    ),
    "clock": Attack(clock.set_back, "the clock set back by ten minutes", watched=False),
    "streams": Attack(crowds.streams, "400 streams of one project"),
    "stalled": Attack(crowds.stalled, "2,000 stalled runs of one project"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--command", default=str(Path(sys.executable).with_name("threadkeep")))
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(ATTACKS))
    options = parser.parse_args()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    print("| attack | memory, MB | threads | GET p50, ms | GET max, ms | what came of it |")
    print("|---|---:|---:|---:|---:|---|", flush=True)
    for name in options.names or ATTACKS:
        print(_row(ATTACKS[name], options.command), flush=True)


def _row(attack: Attack, command: str) -> str:
    with ExitStack() as up:
        folder = Path(up.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        model = Model()
        server = up.enter_context(ModelServer(model))
        victim = up.enter_context(Victim(command, folder, server))
        stage = Stage(victim, model)
        attack.prepare(stage)
        path = f"/threads/{victim.new('/threads', {}, OTHER)['id']}"
        neighbour = Neighbour(victim.host, path) if attack.watched else None
        if neighbour:
            up.enter_context(neighbour)
        time.sleep(_CALM)
        limit = threading.Timer(_LONGEST, victim.kill, [f"cut off after {_LONGEST} s"])
        limit.start()
        outcome = _outcome(attack, stage)
        limit.cancel()
        time.sleep(_CALM)
        figures = _figures(neighbour.waits() if neighbour else None)
        peak = victim.peak
        return f"| {attack.title} | {peak.rss_mb:.0f} | {peak.threads} | {figures} | {outcome} |"


def _outcome(attack: Attack, stage: Stage) -> str:
    try:
        return attack.act(stage)
    except (OSError, HTTPException) as error:
        return stage.victim.killed or f"the server fails ({type(error).__name__})"


def _figures(waits: Waits | None) -> str:
    if waits is None:
        return "- | -"
    lost = f" ({waits.lost} lost)" if waits.lost else ""
    return f"{waits.p50:.0f} | {waits.longest:.0f}{lost}"


if __name__ == "__main__":
    main()
