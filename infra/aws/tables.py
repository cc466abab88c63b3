"""The tables, as `threadkeep.store.tables` defines them, and who may do what on them."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from constructs import Construct

from functions.permissions import Permissions
from infra.aws.settings import StackSettings
from threadkeep.store.tables import TABLES, Index, Key, Table

_TYPES = {"S": dynamodb.AttributeType.STRING, "N": dynamodb.AttributeType.NUMBER}


class Tables(Construct):
    """All tables, on demand, named `{stack}-{table}`."""

    def __init__(self, scope: Construct, settings: StackSettings) -> None:
        super().__init__(scope, "Tables")
        self.prefix = f"{settings.stack}-"
        self._keep = settings.prod
        self._tables = {table.name: self._table(table) for table in TABLES}

    def stream_arn(self, table: str) -> str:
        """The ARN of the stream as it is now: it changes with the table."""
        return str(self._tables[table].table_stream_arn)

    def arn(self, resource: str) -> str:
        """The ARN of a table, or of an index: `table/index`."""
        table, _, index = resource.partition("/")
        arn = self._tables[table].table_arn
        return f"{arn}/index/{index}" if index else str(arn)

    def statements(self, grants: Permissions) -> list[iam.PolicyStatement]:
        """Those on tables, on exact ARNs: CDK's `grant` would add `/index/*`."""
        return [
            iam.PolicyStatement(
                actions=[f"dynamodb:{action}" for action in each.actions],
                resources=[self.arn(each.resource)],
            )
            for each in grants
            if each.service == "dynamodb"
        ]

    def _table(self, table: Table) -> dynamodb.TableV2:
        return dynamodb.TableV2(
            self,
            table.name,
            table_name=self.prefix + table.name,
            partition_key=_attribute(table.partition_key),
            sort_key=table.sort_key and _attribute(table.sort_key),
            global_secondary_indexes=[_index(table.index)] if table.index else None,
            dynamo_stream=table.stream and dynamodb.StreamViewType[table.stream],
            time_to_live_attribute=table.expires,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=table.recoverable
            ),
            deletion_protection=self._keep,
            removal_policy=RemovalPolicy.RETAIN if self._keep else RemovalPolicy.DESTROY,
        )


def _attribute(key: Key) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=key.name, type=_TYPES[key.type])


def _index(index: Index) -> dynamodb.GlobalSecondaryIndexPropsV2:
    return dynamodb.GlobalSecondaryIndexPropsV2(
        index_name=index.name,
        partition_key=_attribute(index.partition_key),
        sort_key=_attribute(index.sort_key),
        projection_type=dynamodb.ProjectionType.KEYS_ONLY,
    )
