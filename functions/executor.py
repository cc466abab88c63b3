"""What the state machine calls: execute a leg of a run, or settle it."""

from functions.lambda_function import LambdaEvent, LambdaHandler, for_lambda
from threadkeep.domain.references import RunRef
from threadkeep.execution.answer import ExecutorAnswer
from threadkeep.execution.execute import Executor
from threadkeep.execution.lookout import Lookout
from threadkeep.execution.settle import settle
from threadkeep.services import Services


def build(_function: str, services: Services) -> LambdaHandler:
    """The executor."""
    store, clock = services.store, services.clock
    lookout = Lookout(store.runs, clock)
    executor = Executor(store, services.catalogue, clock, lookout, services.config.gather)

    def handler(event: LambdaEvent, _context: object) -> ExecutorAnswer:
        run = event["run"]
        ref, leg = RunRef.of(run), int(run["leg"])
        if event["action"] == "execute":
            return executor.execute(ref, leg)
        return settle(ref, leg, store, clock)

    return handler


handler = for_lambda(build)
