"""The stack: it only wires."""

from aws_cdk import App, CfnOutput, Stack

from infra.aws.api import Api
from infra.aws.functions import LambdaFunctions
from infra.aws.packaging import Packages
from infra.aws.settings import StackSettings
from infra.aws.state_machine import StateMachine
from infra.aws.streams import Streams
from infra.aws.tables import Tables


class Threadkeep(Stack):
    """Threadkeep in one account and region."""

    def __init__(self, app: App, settings: StackSettings, packages: Packages) -> None:
        super().__init__(app, settings.stack, termination_protection=settings.prod)
        tables = Tables(self, settings)
        functions = LambdaFunctions(self, settings, packages, tables)
        machine = StateMachine(self, settings, functions["executor"])
        functions.start_runs_on(machine.arn)
        Streams(self, tables, functions)
        api = Api(self, settings, functions)
        CfnOutput(self, "BaseUrl", value=api.base_url, description="The SDKs' base_url")
