"""Least privilege: what each role may do, to the letter."""

import re
from collections.abc import Iterator

import pytest

from functions.deployment import FUNCTIONS, TRIGGERS
from functions.permissions import START_RUNS, uses
from functions.routes import ROUTES
from tests.infra.template import Properties, Statement, Template

# What ends in a wildcard although nothing else does, and why.
_EXCEPTIONS = {
    # AWS has no resource for log deliveries; Step Functions needs them to log at all.
    frozenset(
        f"logs:{action}"
        for action in (
            *("CreateLogDelivery", "GetLogDelivery", "UpdateLogDelivery", "DeleteLogDelivery"),
            *("ListLogDeliveries", "PutResourcePolicy", "DescribeResourcePolicies"),
            "DescribeLogGroups",
        )
    ): r"\*",
    # Lambda checks that a stream's reader may list the streams of that one table.
    frozenset({"dynamodb:ListStreams"}): r"\$\{\w+\.Arn\}/stream/\*",
}
_READ_STREAM = {"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"}


def _policies(template: Template) -> Iterator[Statement]:
    for role in template.of_type("AWS::IAM::Role"):
        yield from template.statements(f"${{{role}}}")


def _on(template: Template, name: str, arn: str) -> set[tuple[str, str]]:
    """(action, table) of a function's statements on resources of this form; of an index,
    `table/index`.
    """
    tables = template.tables()
    found = set()
    for statement in template.statements(template.function(name)["Role"]):
        for resource in statement.resources:
            match = re.fullmatch(r"\$\{(\w+)\." + arn, resource)
            if match and match[1] in tables:
                table = tables[match[1]].removeprefix("Threadkeep-")
                index = f"/{match[2]}" if match.lastindex == 2 and match[2] else ""
                found |= {(action, table + index) for action in statement.actions}
    return found


def _expected(name: str) -> set[tuple[str, str]]:
    grants = [route.grants for route in ROUTES if route.function == name]
    return {
        (f"dynamodb:{action}", resource)
        for grant in [*grants, FUNCTIONS[name].grants]
        for service, resource, action in uses(grant)
        if service == "dynamodb"
    }


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_may_do_what_its_routes_say_and_nothing_else(
    name: str, template: Template
) -> None:
    """On each table exactly the actions of the route table and the deployment table."""
    assert _on(template, name, r"Arn\}(?:/index/(\w+))?") == _expected(name)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_reads_only_the_streams_that_trigger_it(name: str, template: Template) -> None:
    """Exactly the stream of the trigger's table."""
    tables = {trigger.table for trigger in TRIGGERS if trigger.function == name}
    assert _on(template, name, r"StreamArn\}") == {(a, t) for a in _READ_STREAM for t in tables}
    listed = {("dynamodb:ListStreams", table) for table in tables}
    assert _on(template, name, r"Arn\}/stream/\*") == listed


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_has_no_other_permission(name: str, template: Template) -> None:
    """Beside its tables and streams: its own log group, the state machine, the failure queue."""
    function = template.function(name)
    (machine,) = template.of_type("AWS::StepFunctions::StateMachine")
    (queue,) = template.of_type("AWS::SQS::Queue")
    log_group = function["LoggingConfig"]["LogGroup"]
    expected = {
        ("logs:CreateLogStream", log_group.replace("}", ".Arn}")),
        ("logs:PutLogEvents", log_group.replace("}", ".Arn}")),
    }
    if START_RUNS in FUNCTIONS[name].grants:
        expected.add(("states:StartExecution", f"${{{machine}}}"))
    if any(trigger.function == name for trigger in TRIGGERS):
        expected.add(("sqs:SendMessage", f"${{{queue}.Arn}}"))
    found = {
        (action, resource)
        for statement in template.statements(function["Role"])
        for action in statement.actions
        for resource in statement.resources
        if not action.startswith("dynamodb:")
    }
    assert found == expected


def test_no_two_functions_share_a_role(template: Template) -> None:
    """What one function may do says nothing about another."""
    roles = [f["Role"] for f in template.of_type("AWS::Lambda::Function").values()]
    assert len(set(roles)) == len(FUNCTIONS)


def test_the_state_machine_may_call_the_executor_and_nothing_else(template: Template) -> None:
    """The exact function, no version or alias of it."""
    machine = template.only("AWS::StepFunctions::StateMachine")
    (executor,) = (id_ for id_, name in template.functions().items() if name == "executor")
    invoking = [
        statement
        for statement in template.statements(machine["RoleArn"])
        if statement.actions not in _EXCEPTIONS
    ]
    expected = Statement(frozenset({"lambda:InvokeFunction"}), (f"${{{executor}.Arn}}",))
    assert invoking == [expected]


def test_no_resource_is_a_wildcard_but_the_named_exceptions(template: Template) -> None:
    """Every other `Resource` is an exact ARN, and every exception is in use."""
    used = set()
    for statement in _policies(template):
        for resource in statement.resources:
            if "*" in resource:
                assert statement.actions in _EXCEPTIONS, (resource, statement.actions)
                assert re.fullmatch(_EXCEPTIONS[statement.actions], resource)
                used.add(statement.actions)
    assert used == set(_EXCEPTIONS)


def test_no_statement_grants_all_actions(template: Template) -> None:
    """Every action is named."""
    assert not [s for s in _policies(template) if any("*" in action for action in s.actions)]


def test_no_role_has_a_managed_or_inline_policy(template: Template) -> None:
    """AWS's basic execution role may write to every log group: it is nowhere."""
    roles: dict[str, Properties] = template.of_type("AWS::IAM::Role")
    for role in roles.values():
        assert set(role) == {"AssumeRolePolicyDocument"}
    managed = ("AWS::IAM::ManagedPolicy", "AWS::IAM::User", "AWS::IAM::Group")
    assert not any(template.of_type(kind) for kind in managed)
