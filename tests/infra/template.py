"""A CloudFormation template, read the way CloudFormation reads it."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Properties = Mapping[str, Any]


@dataclass(frozen=True)
class Statement:
    """A statement of a role's policy, its resources resolved."""

    actions: frozenset[str]
    resources: tuple[str, ...]


class Template:
    """The resources of one stack. A reference reads as `${id}` or `${id.Attribute}`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.document = json.loads(path.read_text())
        self.resources: Mapping[str, Mapping[str, Any]] = self.document["Resources"]

    def of_type(self, type_: str) -> dict[str, Properties]:
        """The resolved properties of all resources of a type, by logical id."""
        return {
            id_: resolve(resource.get("Properties", {}))
            for id_, resource in self.resources.items()
            if resource["Type"] == type_
        }

    def only(self, type_: str) -> Properties:
        """The properties of the only resource of its type."""
        (properties,) = self.of_type(type_).values()
        return properties

    def tables(self) -> dict[str, str]:
        """Logical id → full table name."""
        tables = self.of_type("AWS::DynamoDB::GlobalTable")
        return {id_: properties["TableName"] for id_, properties in tables.items()}

    def functions(self) -> dict[str, str]:
        """Logical id → the name that the function knows itself by."""
        return {
            id_: properties["Environment"]["Variables"]["THREADKEEP_FUNCTION"]
            for id_, properties in self.of_type("AWS::Lambda::Function").items()
        }

    def function(self, name: str) -> Properties:
        """The properties of a function."""
        (id_,) = (id_ for id_, known in self.functions().items() if known == name)
        return self.of_type("AWS::Lambda::Function")[id_]

    def statements(self, role: str) -> list[Statement]:
        """What a role, as a property names it, allows."""
        id_ = re.fullmatch(r"\$\{(\w+)(\.Arn)?\}", role)
        assert id_, role
        policies: Iterable[Properties] = self.of_type("AWS::IAM::Policy").values()
        return [
            Statement(frozenset(_list(found["Action"])), tuple(_list(found["Resource"])))
            for policy in policies
            if f"${{{id_[1]}}}" in policy["Roles"]
            for found in policy["PolicyDocument"]["Statement"]
        ]

    def paths(self) -> dict[str, str]:
        """Logical id of an API resource → its path; the API itself is the root."""
        resources = self.of_type("AWS::ApiGateway::Resource")
        (api,) = self.of_type("AWS::ApiGateway::RestApi")
        paths = {f"${{{api}.RootResourceId}}": "/"}

        def path(reference: str) -> str:
            if reference not in paths:
                found = resources[reference[2:-1]]
                parent = path(found["ParentId"])
                paths[reference] = f"{parent.rstrip('/')}/{found['PathPart']}"
            return paths[reference]

        for id_ in resources:
            path(f"${{{id_}}}")
        return paths

    def methods(self) -> dict[tuple[str, str], Properties]:
        """(method, path) → the method's properties."""
        paths = self.paths()
        return {
            (method["HttpMethod"], paths[method["ResourceId"]]): method
            for method in self.of_type("AWS::ApiGateway::Method").values()
        }


def resolve(value: Any) -> Any:
    """The value with its intrinsic functions written out as text."""
    if isinstance(value, list):
        return [resolve(item) for item in value]
    if not isinstance(value, dict):
        return value
    match value:
        case {"Ref": name, **rest} if not rest:
            return f"${{{name}}}"
        case {"Fn::GetAtt": [name, attribute], **rest} if not rest:
            return f"${{{name}.{attribute}}}"
        case {"Fn::Join": [separator, parts], **rest} if not rest:
            return separator.join(str(part) for part in resolve(parts))
    return {key: resolve(item) for key, item in value.items()}


def _list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]
