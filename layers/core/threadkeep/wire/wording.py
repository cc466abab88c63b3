"""The family of validation errors: the contract's texts and codes, one function per error.

`path` is the parameter's, as `tools[0].function.name`; empty for the whole body.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from threadkeep.domain.errors import InvalidRequest

_SHOWN = 64
_TYPE_NAMES: Mapping[type, str] = {
    str: "a string",
    bool: "a boolean",
    int: "an integer",
    float: "a decimal",
    list: "an array",
    dict: "an object",
    type(None): "null",
}


def shown(value: str) -> str:
    """What an error text repeats of a value: enough to recognise it."""
    return value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…"


def not_json() -> InvalidRequest:
    """The body can't be read at all."""
    return InvalidRequest(
        "We could not parse the JSON body of your request. "
        "The API expects a JSON payload, but what was sent was not valid JSON."
    )


def not_json_type(content_type: str) -> InvalidRequest:
    """The body says that it is no JSON."""
    kind = shown(content_type)
    text = (
        f"Unsupported content type: '{kind}'. This API method only accepts 'application/json' "
        f"requests, but you specified the header 'Content-Type: {kind}'. "
        "Please try again with a supported content type."
    )
    return InvalidRequest(text, code="unsupported_content_type")


def missing(path: str) -> InvalidRequest:
    """A required parameter is absent."""
    text = f"Missing required parameter: '{path}'."
    return InvalidRequest(text, path, "missing_required_parameter")


def unknown(path: str) -> InvalidRequest:
    """There is no such parameter."""
    return InvalidRequest(f"Unknown parameter: '{path}'.", path, "unknown_parameter")


def wrong_type(path: str, expected: str, value: object) -> InvalidRequest:
    """The value is of another JSON type."""
    subject = f"'{path}'" if path else "the request body"
    got = _TYPE_NAMES[type(value)]
    text = f"Invalid type for {subject}: expected {expected}, but got {got} instead."
    return InvalidRequest(text, path or None, "invalid_type")


def not_one_of(path: str, supported: Sequence[str], value: object) -> InvalidRequest:
    """The value is none of the supported ones."""
    quoted = [f"'{each}'" for each in supported]
    if not isinstance(value, str):
        return wrong_type(path, f"one of {_listed(quoted, 'or')}", value)
    text = f"Invalid value: '{shown(value)}'. Supported values are: {_listed(quoted, 'and')}."
    return InvalidRequest(text, path, "invalid_value")


def wrong_id(path: str, prefix: str, value: str) -> InvalidRequest:
    """The value can be no id of this kind."""
    text = f"Invalid '{path}': '{shown(value)}'. Expected an ID that begins with '{prefix}'."
    return InvalidRequest(text, path, "invalid_value")


def invalid(path: str, expected: str) -> InvalidRequest:
    """The value is of the right type, but not what is expected."""
    return InvalidRequest(f"Invalid '{path}'. Expected {expected}.", path, "invalid_value")


def above_maximum(path: str, maximum: float, value: object) -> InvalidRequest:
    """The number is too large; the kind of the limit is the kind of the parameter."""
    return _out_of_range(
        path, f"above maximum value. Expected a value <= {maximum:.0f}", maximum, value
    )


def below_minimum(path: str, minimum: float, value: object) -> InvalidRequest:
    """The number is too small."""
    return _out_of_range(
        path, f"below minimum value. Expected a value >= {minimum:.0f}", minimum, value
    )


def _out_of_range(path: str, problem: str, limit: float, value: object) -> InvalidRequest:
    kind = "integer" if isinstance(limit, int) else "decimal"
    text = f"Invalid '{path}': {kind} {problem}, but got {shown(str(value))} instead."
    side = "above_max" if problem.startswith("above") else "below_min"
    return InvalidRequest(text, path, f"{kind}_{side}_value")


def string_too_long(path: str, maximum: int, value: str) -> InvalidRequest:
    """The string has too many characters."""
    text = f"Invalid '{path}': string too long. {_lengths(maximum, value)}"
    return InvalidRequest(text, path, "string_above_max_length")


def name_too_long(path: str, maximum: int, name: str) -> InvalidRequest:
    """The name of a property of the object at `path` has too many characters."""
    subject = f"Invalid property name in '{path}': '{shown(name)}' is too long."
    text = f"{subject} {_lengths(maximum, name)}"
    return InvalidRequest(text, f"{path}.{shown(name)}", "property_name_above_max_length")


def array_too_long(path: str, maximum: int, value: Sequence[Any]) -> InvalidRequest:
    """The array has too many items."""
    text = (
        f"Invalid '{path}': array too long. Expected an array with maximum length {maximum}, "
        f"but got an array with length {len(value)} instead."
    )
    return InvalidRequest(text, path, "array_above_max_length")


def array_empty(path: str) -> InvalidRequest:
    """The array needs an item."""
    text = "Expected an array with minimum length 1, but got an empty array instead."
    return InvalidRequest(f"Invalid '{path}': empty array. {text}", path, "empty_array")


def too_many_properties(path: str, maximum: int, value: Mapping[str, Any]) -> InvalidRequest:
    """The object has too many properties."""
    text = (
        f"Invalid '{path}': too many properties. Expected an object with at most {maximum} "
        f"properties, but got an object with {len(value)} properties instead."
    )
    return InvalidRequest(text, path, "object_above_max_properties")


def _lengths(maximum: int, value: str) -> str:
    return (
        f"Expected a string with maximum length {maximum}, "
        f"but got a string with length {len(value)} instead."
    )


def _listed(values: Sequence[str], conjunction: str) -> str:
    *most, last = values
    if not most:
        return last
    return f"{', '.join(most)}{',' if len(most) > 1 else ''} {conjunction} {last}"
