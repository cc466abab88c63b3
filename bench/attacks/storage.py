"""The state's files: held by another program, and restored from an older copy."""

import shutil
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from bench.attacks.stage import Stage

_HELD = 12  # seconds
_AFTER = 15  # seconds in which what was accepted should have ended
_RUNS = 20
_HOLD = """
import sqlite3, sys, time
held = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=10)
held.execute("BEGIN IMMEDIATE")
print(flush=True)
time.sleep(float(sys.argv[2]))
"""


def locked(stage: Stage) -> str:
    """Another program locks each file for a while, while runs are made."""
    victim = stage.victim
    assistant = victim.assistant()
    accepted: list[Any] = []
    done = threading.Event()

    def make() -> None:
        while not done.wait(0.2):
            with suppress(OSError):  # refused, so nothing was promised
                accepted.append(victim.new_run(assistant))

    makers = [threading.Thread(target=make) for _ in range(4)]
    for maker in makers:
        maker.start()
    for file in sorted(victim.state.glob("*.db")):
        _hold(file)
    done.set()
    for maker in makers:
        maker.join()
    ended = victim.ended(accepted, _AFTER)
    return f"{len(accepted) - ended} of {len(accepted)} accepted runs have not ended"


def restored(stage: Stage) -> str:
    """The data of an older copy, all other files as they are: as after a power cut, too."""
    victim = stage.victim
    assistant = victim.assistant()
    _make(stage, assistant, _RUNS)
    victim.stop()
    data, copy = victim.state / "dynamodb.db", victim.state.parent / "copy.db"
    shutil.copy(data, copy)
    victim.start()
    _make(stage, assistant, _RUNS)
    victim.stop()
    for file in victim.state.glob("dynamodb.db*"):
        file.unlink()
    shutil.copy(copy, data)
    victim.start()
    accepted = [victim.new_run(assistant) for _ in range(_RUNS)]
    before = victim.ended(accepted, _AFTER)
    victim.stop()
    victim.start()
    after = victim.ended(accepted, _AFTER)
    return (
        f"{_RUNS - before} of {_RUNS} runs accepted afterwards have not ended, "
        f"{_RUNS - after} after another restart"
    )


def _hold(file: Path) -> None:
    argv = [sys.executable, "-c", _HOLD, str(file), str(_HELD)]
    subprocess.run(argv, check=False, stdout=subprocess.DEVNULL, timeout=3 * _HELD)
    time.sleep(1)


def _make(stage: Stage, assistant: str, number: int) -> None:
    runs = [stage.victim.new_run(assistant) for _ in range(number)]
    stage.victim.ended(runs, _AFTER)
