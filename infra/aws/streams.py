"""The streams that feed functions. What can't be delivered ends up in the failure queue, and never
holds up a shard for longer than its trigger allows.
"""

import json

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from functions.deployment import TRIGGERS, Trigger
from infra.aws.functions import LambdaFunctions
from infra.aws.tables import Tables

_MAX_AGE = Duration.hours(1)
_STREAM_AGE = Duration.hours(24)  # a stream keeps its records for so long
_LATE = Duration.minutes(10)


class Streams(Construct):
    """An event source mapping for each trigger."""

    def __init__(self, scope: Construct, tables: Tables, functions: LambdaFunctions) -> None:
        super().__init__(scope, "Streams")
        self._failures = self._failure_queue()
        for trigger in TRIGGERS:
            function = functions[trigger.function]
            table, stream = tables.arn(trigger.table), tables.stream_arn(trigger.table)
            for statement in self._statements(table, stream):
                function.add_to_role_policy(statement)
            self._mapping(trigger, stream, function)
        self._alarm_when_late(functions)

    def _failure_queue(self) -> sqs.Queue:
        queue = sqs.Queue(
            self,
            "Failures",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )
        queue.metric_approximate_number_of_messages_visible().create_alarm(
            self,
            "Undelivered",
            alarm_description="Stream records could not be delivered: see the failure queue.",
            threshold=0,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        return queue

    def _statements(self, table_arn: str, stream_arn: str) -> list[iam.PolicyStatement]:
        read = ["DescribeStream", "GetRecords", "GetShardIterator"]
        return [
            iam.PolicyStatement(
                actions=[f"dynamodb:{action}" for action in read], resources=[stream_arn]
            ),
            # Lambda requires it of the role; it can't be limited to one stream of the table.
            iam.PolicyStatement(
                actions=["dynamodb:ListStreams"], resources=[f"{table_arn}/stream/*"]
            ),
            iam.PolicyStatement(actions=["sqs:SendMessage"], resources=[self._failures.queue_arn]),
        ]

    def _alarm_when_late(self, functions: LambdaFunctions) -> None:
        names = sorted({trigger.function for trigger in TRIGGERS})
        ages = {name: functions[name].metric("IteratorAge", statistic="Maximum") for name in names}
        oldest = cloudwatch.MathExpression(
            expression=f"MAX([{', '.join(names)}])", using_metrics=ages
        )
        oldest.create_alarm(
            self,
            "Late",
            alarm_description="Stream records wait: a function that they trigger fails or is slow.",
            threshold=_LATE.to_milliseconds(),
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )

    def _mapping(self, trigger: Trigger, stream_arn: str, function: lambda_.Function) -> None:
        # What is retried for ever comes to the failure queue before the stream forgets it.
        most = _STREAM_AGE if trigger.retries < 0 else _MAX_AGE
        filters = [{"pattern": json.dumps(pattern)} for pattern in trigger.filters]
        lambda_.CfnEventSourceMapping(
            self,
            f"{trigger.table}-{trigger.function}",
            function_name=function.function_name,
            event_source_arn=stream_arn,
            starting_position="TRIM_HORIZON",
            filter_criteria={"filters": filters},
            batch_size=trigger.batch,
            parallelization_factor=10,
            maximum_retry_attempts=trigger.retries,
            maximum_record_age_in_seconds=most.to_seconds(),
            bisect_batch_on_function_error=True,
            function_response_types=["ReportBatchItemFailures"],
            destination_config={"onFailure": {"destination": self._failures.queue_arn}},
        )
