"""How a run is driven in AWS: the stream, the failure queue and the state machine."""

import json

from functions.deployment import TRIGGERS, Trigger
from infra.state_machine import ASL, definition
from tests.infra.template import Properties, Template


def _mapping(template: Template, trigger: Trigger) -> Properties:
    (function,) = (id_ for id_, n in template.functions().items() if n == trigger.function)
    tables = template.tables().items()
    (table,) = (id_ for id_, name in tables if name == f"Threadkeep-{trigger.table}")
    mappings = template.of_type("AWS::Lambda::EventSourceMapping").values()
    (found,) = (
        m
        for m in mappings
        if (m["FunctionName"], m["EventSourceArn"])
        == (f"${{{function}}}", f"${{{table}.StreamArn}}")
    )
    return found


def test_the_state_machine_is_the_file_that_also_runs_locally(template: Template) -> None:
    """Word by word; AWS fills the placeholders with the executor and the partition."""
    machine = template.only("AWS::StepFunctions::StateMachine")
    assert machine["DefinitionString"] == ASL.read_text()
    (executor,) = (id_ for id_, name in template.functions().items() if name == "executor")
    values = machine["DefinitionSubstitutions"]
    assert values == {"executor": f"${{{executor}.Arn}}", "partition": "${AWS::Partition}"}
    json.loads(definition(values))


def test_the_state_machine_is_standard_and_logs_errors_without_data(template: Template) -> None:
    """Express ends after five minutes; an execution's data is not for logs."""
    machine = template.only("AWS::StepFunctions::StateMachine")
    assert machine["StateMachineType"] == "STANDARD"
    logging = machine["LoggingConfiguration"]
    assert (logging["Level"], logging["IncludeExecutionData"]) == ("ERROR", False)


def test_every_trigger_is_a_mapping_with_bounded_retries(template: Template) -> None:
    """Lambda's defaults retry for ever: one poisoned record would hold up its shard for a day."""
    assert len(template.of_type("AWS::Lambda::EventSourceMapping")) == len(TRIGGERS)
    (queue,) = template.of_type("AWS::SQS::Queue")
    for trigger in TRIGGERS:
        mapping = _mapping(template, trigger)
        assert mapping["BatchSize"] == trigger.batch
        assert mapping["MaximumRetryAttempts"] == trigger.retries
        age = mapping["MaximumRecordAgeInSeconds"]
        assert age == (24 * 3600 if trigger.retries < 0 else 3600)
        assert mapping["BisectBatchOnFunctionError"] is True
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert mapping["ParallelizationFactor"] == 10
        assert mapping["StartingPosition"] == "TRIM_HORIZON"
        assert mapping["DestinationConfig"] == {"OnFailure": {"Destination": f"${{{queue}.Arn}}"}}


def test_only_what_a_trigger_wants_is_delivered(template: Template) -> None:
    """A run's progress never calls the dispatcher: the filters are the deployment table's."""
    for trigger in TRIGGERS:
        filters = _mapping(template, trigger)["FilterCriteria"]["Filters"]
        assert [json.loads(f["Pattern"]) for f in filters] == [dict(f) for f in trigger.filters]


def test_every_trigger_s_table_has_a_stream(template: Template) -> None:
    """A mapping on a table without one could not be deployed."""
    tables = template.of_type("AWS::DynamoDB::GlobalTable").values()
    streams = {t["TableName"] for t in tables if "StreamSpecification" in t}
    assert {f"Threadkeep-{trigger.table}" for trigger in TRIGGERS} <= streams


def test_the_failure_queue_is_encrypted_at_rest_and_on_the_way(template: Template) -> None:
    """And keeps what could not be delivered for 14 days."""
    queue = template.only("AWS::SQS::Queue")
    assert queue["SqsManagedSseEnabled"] is True
    assert queue["MessageRetentionPeriod"] == 14 * 24 * 3600
    (statement,) = template.only("AWS::SQS::QueuePolicy")["PolicyDocument"]["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_what_is_lost_or_late_raises_an_alarm(template: Template) -> None:
    """A record in the failure queue, a failed execution, records that wait; silence is none."""
    alarms = template.of_type("AWS::CloudWatch::Alarm").values()
    for alarm in alarms:
        assert alarm["ComparisonOperator"] == "GreaterThanThreshold"
        assert alarm["TreatMissingData"] == "notBreaching"
    counted = {
        alarm["MetricName"]: alarm["Threshold"] for alarm in alarms if "Metrics" not in alarm
    }
    assert counted == {"ApproximateNumberOfMessagesVisible": 0, "ExecutionsFailed": 0}
    (late,) = (alarm for alarm in alarms if "Metrics" in alarm)
    assert late["Threshold"] == 10 * 60 * 1000
    ages = [m["MetricStat"]["Metric"] for m in late["Metrics"] if "MetricStat" in m]
    assert {age["MetricName"] for age in ages} == {"IteratorAge"}
    functions = template.functions()
    watched = {functions[age["Dimensions"][0]["Value"][2:-1]] for age in ages}
    assert watched == {trigger.function for trigger in TRIGGERS}
