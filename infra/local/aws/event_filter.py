"""Event patterns of an event source mapping: names around lists of exact strings, and no more."""

from collections.abc import Mapping
from typing import Any

from infra.local.aws.aws_error import Unsupported


def check(pattern: Any) -> None:
    """Refuse by name what is not carried."""
    match pattern:
        case Mapping() if pattern:
            for name, inner in pattern.items():
                if name.startswith("$"):
                    raise Unsupported(f"{name!r} in an event pattern")
                check(inner)
        case list() if pattern and all(isinstance(value, str) for value in pattern):
            pass
        case _:
            raise Unsupported(f"{pattern!r} in an event pattern")


def matches(pattern: Any, value: Any) -> bool:
    if isinstance(pattern, Mapping):
        return isinstance(value, Mapping) and all(
            matches(inner, value.get(name)) for name, inner in pattern.items()
        )
    return value in pattern
