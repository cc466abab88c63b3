"""The conditions on a run's item, made of the transitions in `domain.run_state`."""

from threadkeep.domain.run_state import Transition
from threadkeep.domain.runs import Run
from threadkeep.store.expressions import Condition, above, absent, at_most, both, equal, one_of


def guard(transition: Transition, run: Run, now: int) -> Condition:
    """The transition's condition on the run's item; `run` is the writer's view of it."""
    conditions = [one_of("status", transition.sources)]
    if transition.leg:
        conditions.append(equal("leg", run.leg))
    if transition.as_read:
        open_step = equal("open_step", run.open_step) if run.open_step else absent("open_step")
        conditions += [equal("attempt", run.attempt), equal("steps", run.steps), open_step]
    if transition.deadline == "before":
        conditions.append(above("expires_at", now))
    if transition.deadline == "after":
        conditions.append(at_most("expires_at", now))
    return both(*conditions)
