"""The tables in the template are those of `threadkeep.store.tables`."""

from typing import Any

import pytest

from tests.infra.conftest import Synthesized
from tests.infra.template import Properties, Template
from threadkeep.store.tables import TABLES, Key, Table


def _properties(template: Template, table: Table) -> Properties:
    tables = template.of_type("AWS::DynamoDB::GlobalTable").values()
    (found,) = (t for t in tables if t["TableName"] == f"Threadkeep-{table.name}")
    return found


def _schema(partition_key: Key, sort_key: Key | None) -> list[dict[str, str]]:
    keys = [{"AttributeName": partition_key.name, "KeyType": "HASH"}]
    return keys + ([{"AttributeName": sort_key.name, "KeyType": "RANGE"}] if sort_key else [])


def test_the_tables_are_those_of_the_definition(template: Template) -> None:
    """None is missing and none is made beside them."""
    assert sorted(template.tables().values()) == sorted(f"Threadkeep-{t.name}" for t in TABLES)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_table_is_what_its_definition_says(table: Table, template: Template) -> None:
    """Keys and their types, stream, TTL and recovery; on demand."""
    found = _properties(template, table)
    assert found["BillingMode"] == "PAY_PER_REQUEST"
    assert found["KeySchema"] == _schema(table.partition_key, table.sort_key)
    keys = [table.partition_key, table.sort_key]
    if table.index:
        keys += [table.index.partition_key, table.index.sort_key]
    types = {a["AttributeName"]: a["AttributeType"] for a in found["AttributeDefinitions"]}
    assert types == {key.name: key.type for key in keys if key}
    stream = {"StreamViewType": table.stream} if table.stream else None
    assert found.get("StreamSpecification") == stream
    expires = {"AttributeName": table.expires, "Enabled": True} if table.expires else None
    assert found.get("TimeToLiveSpecification") == expires
    (replica,) = found["Replicas"]
    recovery = {"PointInTimeRecoveryEnabled": table.recoverable}
    assert replica["PointInTimeRecoverySpecification"] == recovery


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_an_index_holds_keys_only(table: Table, template: Template) -> None:
    """What it costs to write does not grow with the objects."""
    expected: list[dict[str, Any]] = []
    if table.index:
        schema = _schema(table.index.partition_key, table.index.sort_key)
        projection = {"ProjectionType": "KEYS_ONLY"}
        expected = [{"IndexName": table.index.name, "KeySchema": schema, "Projection": projection}]
    assert _properties(template, table).get("GlobalSecondaryIndexes", []) == expected


def test_in_production_the_tables_outlive_the_stack(synthesized: Synthesized) -> None:
    """Kept when the stack goes or replaces them, and protected from being deleted at all."""
    found = [
        resource
        for resource in synthesized.production.resources.values()
        if resource["Type"] == "AWS::DynamoDB::GlobalTable"
    ]
    assert len(found) == len(TABLES)
    for table in found:
        assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("Retain", "Retain")
        (replica,) = table["Properties"]["Replicas"]
        assert replica["DeletionProtectionEnabled"] is True


def test_elsewhere_the_tables_go_with_the_stack(template: Template) -> None:
    """A stack for trying out leaves nothing behind."""
    for resource in template.resources.values():
        if resource["Type"] == "AWS::DynamoDB::GlobalTable":
            assert resource["DeletionPolicy"] == "Delete"
            (replica,) = resource["Properties"]["Replicas"]
            assert replica["DeletionProtectionEnabled"] is False
