"""Many runs of one project beside another project's few."""

import http.client
import json
from contextlib import ExitStack, closing

from bench.attacks.stage import Stage, Stopwatch, many
from bench.attacks.victim import ATTACKER, OTHER
from tests.model_turns import Received, Say, Stall, Turn

_STREAMS = 400
_STALLED = 2_000
_CREATING = 60  # seconds


def _stalls_for_one(received: Received) -> Turn:
    return Say() if received.body["messages"][-1]["content"] == "short" else Stall()


def streams(stage: Stage) -> str:
    """Streams that are begun at once, and just then a short run of another project."""
    victim = stage.victim
    stage.model.turn = _stalls_for_one
    mine, theirs = victim.assistant(), victim.assistant(OTHER)
    thread = {"messages": [{"role": "user", "content": "Hi"}]}
    body = json.dumps({"assistant_id": mine, "thread": thread, "stream": True})
    with ExitStack() as opened:
        for _ in range(_STREAMS):
            connection = http.client.HTTPConnection(victim.host, timeout=60)
            opened.enter_context(closing(connection))
            headers = {"authorization": f"Bearer {ATTACKER}"}
            connection.request("POST", "/v1/threads/runs", body, headers)
        watch = Stopwatch()
        short = {"messages": [{"role": "user", "content": "short"}]}
        run = victim.new_run(theirs, OTHER, thread=short)
        victim.ended([run], 60, OTHER)
        return f"another project's short run is {victim.status(run, OTHER)} after {watch}"


def stalled(stage: Stage) -> str:
    """Runs whose model says nothing."""
    victim = stage.victim
    stage.model.turn = _stalls_for_one
    assistant, watch = victim.assistant(), Stopwatch()
    made: list[object] = []

    def make(_: int) -> None:
        if watch.seconds < _CREATING:
            made.append(victim.new_run(assistant))

    many(_STALLED, make, hands=8)
    took = str(watch)
    short = {"messages": [{"role": "user", "content": "short"}]}
    theirs, watch = victim.assistant(OTHER), Stopwatch()
    run = victim.new_run(theirs, OTHER, thread=short)
    victim.ended([run], 15, OTHER)
    return (
        f"{len(made)} runs accepted in {took}; another project's short run is "
        f"{victim.status(run, OTHER)} after {watch}"
    )
