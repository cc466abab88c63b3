"""The executions of the state machine: one for each leg of a run."""

from typing import Any

from botocore.exceptions import ClientError


class Executions:
    """Starts the state machine."""

    def __init__(self, client: Any, state_machine_arn: str) -> None:
        self._client = client
        self._arn = state_machine_arn

    def start(self, name: str, input_: str) -> None:
        """Start the execution `name`, or find that it was started: names are unique."""
        try:
            self._client.start_execution(stateMachineArn=self._arn, name=name, input=input_)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
                raise
