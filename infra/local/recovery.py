"""At the start: whatever the data says is going, is going.

Data and executions lie in two files. After a power cut, or when one of them is brought back from a
copy, a run may have no execution, or one that has ended already; neither would ever be noticed.
"""

from functions.dispatcher import execution_of
from infra.local.aws.dynamodb import DynamoDB
from infra.local.aws.stepfunctions import StepFunctions
from threadkeep.domain.run_state import ACTIVE, PARK
from threadkeep.store.items import from_dynamodb
from threadkeep.store.tables import RUNS


def recover(dynamodb: DynamoDB, states: StepFunctions, machine: str) -> None:
    """Give each active run the execution of its leg, from its beginning: the one that is there may
    have come elsewhere. Only a wait for outputs goes on if it is there.

    An execution that need not have been begun finds how its run stands, and goes by that.
    """
    for item in dynamodb.scan(RUNS.name):
        if item["status"]["S"] in ACTIVE:
            run = from_dynamodb(item)
            name, input_ = execution_of(run)
            waits = run["status"] == PARK.target
            states.recover(machine, f"{run['run_id']}-", name, input_, keep_running=waits)
