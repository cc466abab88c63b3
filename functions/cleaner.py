"""Removes what a deleted thread leaves behind, fed by the removal of the thread's item."""

from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import StreamRecord

from functions.lambda_function import LambdaHandler, for_lambda
from functions.stream_records import each_record
from threadkeep.services import Services


def build(_function: str, services: Services) -> LambdaHandler:
    """The cleaner."""

    def clean(record: StreamRecord) -> None:
        services.store.remains.remove(record.keys["thread"] if record.keys else "")

    return each_record(clean)


handler = for_lambda(build)
