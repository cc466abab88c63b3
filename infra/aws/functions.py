"""The Lambda functions: one package, and for each its own role, log group and environment.

Those whose routes stream run on the loop of the runtime layer, unless streaming is off.
"""

from dataclasses import replace

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from functions.deployment import FUNCTIONS, Function
from functions.permissions import START_RUNS, Permissions, together
from functions.routes import ROUTES
from infra.aws.packaging import WRAPPER, Packages
from infra.aws.settings import StackSettings
from infra.aws.tables import Tables
from threadkeep.settings import environment_of

_RUNTIME = lambda_.Runtime.PYTHON_3_13
_PROCESSOR = lambda_.Architecture.ARM_64
_STREAMING = frozenset(route.function for route in ROUTES if route.streaming)


def grants_of(function: str) -> Permissions:
    """What a function may touch: its routes' grants together, and its own."""
    routes = (route.grants for route in ROUTES if route.function == function)
    return together(*routes, FUNCTIONS[function].grants)


class LambdaFunctions(Construct):
    """All functions, by name."""

    def __init__(
        self, scope: Construct, settings: StackSettings, packages: Packages, tables: Tables
    ) -> None:
        super().__init__(scope, "Functions")
        self._settings = settings
        self._tables = tables
        self._code = lambda_.Code.from_asset(str(packages.functions))
        self._layers = [
            self._layer("Dependencies", str(packages.dependencies)),
            self._layer("Core", str(packages.core)),
        ]
        if settings.streaming:
            self._runtime = self._layer("Runtime", str(packages.runtime))
        self._functions = {name: self._made(name, f) for name, f in FUNCTIONS.items()}

    def __getitem__(self, name: str) -> lambda_.Function:
        return self._functions[name]

    def start_runs_on(self, state_machine_arn: str) -> None:
        """Let those functions start the state machine that are there to do so."""
        actions = [f"{START_RUNS.service}:{action}" for action in START_RUNS.actions]
        for name in FUNCTIONS:
            if START_RUNS in grants_of(name):
                self[name].add_environment("THREADKEEP_STATE_MACHINE_ARN", state_machine_arn)
                self[name].add_to_role_policy(
                    iam.PolicyStatement(actions=actions, resources=[state_machine_arn])
                )

    def _layer(self, name: str, folder: str) -> lambda_.LayerVersion:
        return lambda_.LayerVersion(
            self,
            name,
            code=lambda_.Code.from_asset(folder),
            compatible_runtimes=[_RUNTIME],
            compatible_architectures=[_PROCESSOR],
        )

    def _made(self, name: str, function: Function) -> lambda_.Function:
        if name not in _STREAMING:
            return self._function(name, function)
        if not self._settings.streaming:
            # Nobody waits any longer for an answer that comes in one piece.
            return self._function(name, replace(function, timeout=Function().timeout))
        streaming = self._function(name, function)
        streaming.add_layers(self._runtime)
        streaming.add_environment("AWS_LAMBDA_EXEC_WRAPPER", f"/opt/{WRAPPER}")
        streaming.add_environment("THREADKEEP_STREAMING", "true")
        return streaming

    def _function(self, name: str, function: Function) -> lambda_.Function:
        scope = Construct(self, name)
        full_name = f"{self._settings.stack}-{name}"
        log_group = _log_group(scope, full_name)
        return lambda_.Function(
            scope,
            "Function",
            function_name=full_name,
            runtime=_RUNTIME,
            architecture=_PROCESSOR,
            handler=function.entry,
            code=self._code,
            layers=self._layers,
            memory_size=function.memory,
            timeout=Duration.seconds(function.timeout),
            environment=self._environment(name),
            role=self._role(scope, name, log_group),
            log_group=log_group,
        )

    def _environment(self, name: str) -> dict[str, str]:
        return {
            "THREADKEEP_FUNCTION": name,
            "THREADKEEP_MODELS": "models.toml",
            "THREADKEEP_TABLE_PREFIX": self._tables.prefix,
            **environment_of(self._settings),
        }

    def _role(self, scope: Construct, name: str, log_group: logs.LogGroup) -> iam.Role:
        role = iam.Role(scope, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        # A log group's ARN ends in `:*`, its streams. The managed policy has all log groups.
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["logs:CreateLogStream", "logs:PutLogEvents"],
                resources=[log_group.log_group_arn],
            )
        )
        for statement in self._tables.statements(grants_of(name)):
            role.add_to_policy(statement)
        return role


def _log_group(scope: Construct, function: str) -> logs.LogGroup:
    return logs.LogGroup(
        scope,
        "Logs",
        log_group_name=f"/aws/lambda/{function}",
        retention=logs.RetentionDays.ONE_MONTH,
        removal_policy=RemovalPolicy.DESTROY,
    )
