"""The run's state machine, from the one ASL file."""

from aws_cdk import Aws, RemovalPolicy
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as stepfunctions
from constructs import Construct

from infra.aws.settings import StackSettings
from infra.state_machine import ASL


class StateMachine(Construct):
    """Standard. It may call the executor and nothing else, and logs errors without their data."""

    def __init__(
        self, scope: Construct, settings: StackSettings, executor: lambda_.Function
    ) -> None:
        super().__init__(scope, "StateMachine")
        name = f"{settings.stack}-run"
        machine = stepfunctions.StateMachine(
            self,
            "Run",
            state_machine_name=name,
            state_machine_type=stepfunctions.StateMachineType.STANDARD,
            definition_body=stepfunctions.DefinitionBody.from_string(ASL.read_text()),
            definition_substitutions={
                "executor": executor.function_arn,
                "partition": Aws.PARTITION,
            },
            role=self._role(executor),
            logs=stepfunctions.LogOptions(
                destination=self._log_group(name),
                level=stepfunctions.LogLevel.ERROR,
                include_execution_data=False,
            ),
        )
        self.arn = str(machine.state_machine_arn)
        # A failed execution is always a bug or a broken stack: what a run fails of ends it well.
        machine.metric_failed(statistic="Sum").create_alarm(
            self,
            "Failed",
            alarm_description="Executions of the state machine failed.",
            threshold=0,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )

    def _role(self, executor: lambda_.Function) -> iam.Role:
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("states.amazonaws.com"))
        # CDK's `grant_invoke` would add every version of the function.
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["lambda:InvokeFunction"], resources=[executor.function_arn]
            )
        )
        return role

    def _log_group(self, machine: str) -> logs.LogGroup:
        return logs.LogGroup(
            self,
            "Logs",
            # Under this prefix log deliveries share one resource policy, which has a size limit.
            log_group_name=f"/aws/vendedlogs/states/{machine}",
            retention=logs.RetentionDays.ONE_MONTH,
            removal_policy=RemovalPolicy.DESTROY,
        )
