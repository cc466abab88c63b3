"""From a request's bytes to a body, or to the contract's error: THE mapping of pydantic's errors.

Whatever is sent, nothing but `InvalidRequest` comes out of `parse`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, from_json

from threadkeep.domain.errors import InvalidRequest
from threadkeep.wire import wording
from threadkeep.wire.errors import BodyTooLarge

MAX_BODY_BYTES = 5_000_000
_MAX_ERRORS = 1_000  # to name one of a million errors, pydantic describes them all

B = TypeVar("B", bound=BaseModel)


class _Error(NamedTuple):
    """One of pydantic's errors: where, with which value; `context` has the limits."""

    path: str
    value: Any
    context: Mapping[str, Any]
    message: str
    loc: Sequence[int | str]


def parse(model: type[B], raw: bytes | str | None) -> B:
    """The body in `raw`. No body at all is the empty object: some bodies are optional.

    For these `[]` is the empty object, too: PHP writes its empty array so.
    """
    # a lone surrogate becomes invalid UTF-8, which is refused like any other
    data = (raw.encode(errors="surrogatepass") if isinstance(raw, str) else raw) or b"{}"
    if len(data) > MAX_BODY_BYTES:
        sizes = f"Expected at most {MAX_BODY_BYTES} bytes, but got {len(data)} bytes instead."
        raise BodyTooLarge(f"Request body too large. {sizes}")
    if data.strip() == b"[]" and not any(f.is_required() for f in model.model_fields.values()):
        data = b"{}"
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        refusal = _refusal(error, data)
    raise refusal  # out here, it carries no context: pydantic's error knows the input


def _refusal(error: ValidationError, data: bytes) -> InvalidRequest:
    """The first error, in the contract's words."""
    if error.error_count() > _MAX_ERRORS:
        return InvalidRequest(f"The request body has {error.error_count()} errors.")
    details = error.errors(include_url=False, include_input=False)[0]
    if details["type"] == "json_invalid":
        return wording.not_json()
    refuse = _REFUSALS.get(details["type"], _other)
    return refuse(_located(from_json(data), details))


def _located(body: object, details: ErrorDetails) -> _Error:
    """Walks `loc` along the input, past the tags of unions.

    A tag is not in the input, or it is the `type` of the object that it stands for: then it comes
    first there, and never last.
    """
    *way, last = details["loc"] or ("",)
    path, value, branch = "", body, None
    for segment in way:
        if (
            isinstance(value, dict)
            and value.get("type") == segment
            and branch is not value
            and path
        ):
            branch = value
        else:
            path, value = _step(path, value, segment)
    if details["type"] == "missing":
        path, value = _joined(path, last), None
    else:
        path, value = _step(path, value, last)
    return _Error(path, value, details.get("ctx", {}), details["msg"], details["loc"])


def _step(path: str, value: Any, segment: int | str) -> tuple[str, Any]:
    """One level down, if there is one by this name."""
    if isinstance(value, list) and isinstance(segment, int):
        return f"{path}[{segment}]", value[segment]
    if isinstance(value, dict) and segment in value:
        return _joined(path, segment), value[segment]
    return path, value


def _joined(path: str, name: int | str) -> str:
    return f"{path}.{wording.shown(str(name))}" if path else wording.shown(str(name))


def _of_type(expected: str) -> Callable[[_Error], InvalidRequest]:
    return lambda error: wording.wrong_type(error.path, expected, error.value)


def _unknown_tag(error: _Error) -> InvalidRequest:
    supported = _quoted(error.context["expected_tags"])
    return wording.not_one_of(_joined(error.path, "type"), supported, error.value["type"])


def _string_too_long(error: _Error) -> InvalidRequest:
    """A string, or the name of a property: `loc` then ends with the name and a marker."""
    maximum = error.context["max_length"]
    match error.loc:
        case [*_, name, "[key]"]:
            parent = error.path.removesuffix(f".{wording.shown(str(name))}")
            return wording.name_too_long(parent, maximum, str(name))
    return wording.string_too_long(error.path, maximum, error.value)


def _too_long(error: _Error) -> InvalidRequest:
    maximum = error.context["max_length"]
    if isinstance(error.value, dict):
        return wording.too_many_properties(error.path, maximum, error.value)
    return wording.array_too_long(error.path, maximum, error.value)


def _quoted(text: str) -> list[str]:
    """The values in a list of pydantic's, which is a text."""
    return re.findall(r"'([^']*)'", text)


def _other(error: _Error) -> InvalidRequest:
    return wording.invalid(error.path, "a valid value")


_REFUSALS: Mapping[str, Callable[[_Error], InvalidRequest]] = {
    "missing": lambda error: wording.missing(error.path),
    "union_tag_not_found": lambda error: wording.missing(_joined(error.path, "type")),
    "extra_forbidden": lambda error: wording.unknown(error.path),
    "string_type": _of_type("a string"),
    "int_type": _of_type("an integer"),
    "float_type": _of_type("a decimal"),
    "bool_type": _of_type("a boolean"),
    "list_type": _of_type("an array"),
    "dict_type": _of_type("an object"),
    "model_type": _of_type("an object"),
    "model_attributes_type": _of_type("an object"),
    "wrong_shape": lambda error: wording.wrong_type(error.path, error.message, error.value),
    "literal_error": lambda error: wording.not_one_of(
        error.path, _quoted(error.context["expected"]), error.value
    ),
    "union_tag_invalid": _unknown_tag,
    "string_too_long": _string_too_long,
    "too_long": _too_long,
    "too_short": lambda error: wording.array_empty(error.path),
    "less_than_equal": lambda error: wording.above_maximum(
        error.path, error.context["le"], error.value
    ),
    "greater_than_equal": lambda error: wording.below_minimum(
        error.path, error.context["ge"], error.value
    ),
    "string_pattern_mismatch": lambda error: wording.invalid(
        error.path, f"a string that matches the pattern '{error.context['pattern']}'"
    ),
    "finite_number": lambda error: wording.invalid(error.path, "a finite number"),
    "wrong_url": lambda error: wording.invalid(error.path, "an http or https URL"),
    "wrong_id": lambda error: wording.wrong_id(error.path, error.message, error.value),
}
