"""Text that a careless pattern looks at again and again."""

from bench.attacks.stage import Stage, Stopwatch
from tests.model_turns import Fault

_URL = "http://" + "a" * 100_000 + " "
_ERROR = ("input " * 11_000)[:65_536]


def long_url(stage: Stage) -> str:
    victim = stage.victim
    path = f"/threads/{victim.new('/threads', {})['id']}/messages"
    part = {"type": "image_url", "image_url": {"url": _URL}}
    watch = Stopwatch()
    status, _ = victim.ask("POST", path, {"role": "user", "content": [part]})
    return f"answered {status} after {watch}"


def provider_error(stage: Stage) -> str:
    stage.model.turn = lambda _: Fault(400, {"error": {"message": _ERROR}})
    run = stage.victim.new_run(stage.victim.assistant())
    watch = Stopwatch()
    stage.victim.ended([run], 60)
    return f"the run is {stage.victim.status(run)} after {watch}"
