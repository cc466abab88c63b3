"""The machine's clock is set back while a run is going (by libfaketime, where that is there)."""

import time
from pathlib import Path

from bench.attacks.stage import Stage, Stopwatch
from tests.model_turns import Stall

_SETTLED = 3  # seconds after which the run surely waits for its model
_LIBRARIES = ("/usr/lib", "/usr/local/lib", "/opt")


def set_back(stage: Stage) -> str:
    library = next(
        (file for folder in _LIBRARIES for file in Path(folder).rglob("libfaketimeMT.so.1")), None
    )
    if library is None:
        return "skipped: there is no libfaketime"
    victim, shift = stage.victim, stage.victim.state.parent / "shift"
    shift.write_text("+0")
    victim.stop()
    victim.environment = {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(shift),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    victim.start()
    stage.model.turn = lambda _: Stall("So far")
    run = victim.new_run(victim.assistant())
    while victim.status(run) != "in_progress":
        time.sleep(0.05)
    time.sleep(_SETTLED)
    shift.write_text("-600")
    time.sleep(1)
    watch = Stopwatch()
    victim.ask("POST", f"/threads/{run['thread_id']}/runs/{run['id']}/cancel")
    victim.ended([run], 60)
    return f"a cancel took {watch}; the run is {victim.status(run)}"
