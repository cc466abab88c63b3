"""Functions that a stream feeds: record by record, and only the failed ones come again."""

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import (
    DynamoDBRecord,
    StreamRecord,
)

from functions.lambda_function import LambdaEvent, LambdaHandler


def each_record(handle: Callable[[StreamRecord], None]) -> LambdaHandler:
    """A handler that gives each record's images to `handle`, and reports those that raised."""
    processor = BatchProcessor(
        event_type=EventType.DynamoDBStreams, raise_on_entire_batch_failure=False
    )

    def handle_record(record: DynamoDBRecord) -> None:
        if record.dynamodb:
            handle(record.dynamodb)

    def handler(event: LambdaEvent, _context: object) -> Any:
        return process_partial_response(dict(event), handle_record, processor)

    return handler
