"""Domain object ⇄ DynamoDB item.

Texts, integers and booleans are attributes; floats, lists and maps are JSON text in one attribute
each: no Decimals, no nesting limit, and users' schemas come back byte for byte. What is None is
not there. An object's id is its key. Long texts are compressed, which the attribute's type
(binary) tells.
"""

import dataclasses
import functools
import json
import types
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from threadkeep.domain.content import ContentPart, ImageFile, ImageUrl, TextPart
from threadkeep.domain.tool_calls import ToolCall
from threadkeep.store.expressions import Value
from threadkeep.store.stored_forms import call_of, part_of, stored_call, stored_part

Item = Mapping[str, Value]
AttributeValue = Mapping[str, Any]
T = TypeVar("T")

_COMPRESS_ABOVE = 8_192  # characters
_SCALARS = (str, int, bool)
_EACH: Mapping[Any, Callable[[Any], Any]] = {
    Sequence[ContentPart]: part_of,
    Sequence[ToolCall]: call_of,
}


def dump(value: Any) -> str:
    """Compact JSON, as it is stored."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def attributes(value: Any) -> dict[str, Value]:
    """The fields of a domain object but its id, as attributes."""
    cls: type = type(value)
    fields = {name: getattr(value, name) for name in _stored(cls)}
    return {name: v for name, v in changed(cls, fields).items() if v is not None}


def changed(cls: type, fields: Mapping[str, Any]) -> dict[str, Value | None]:
    """Some fields of a `cls`, as attributes; None is for an attribute to remove."""
    scalars = _scalars(cls)
    return {
        name: value if value is None or name in scalars else dump(_plain(value))
        for name, value in fields.items()
    }


def differences(before: T, after: T) -> dict[str, Value | None]:
    """The attributes to change so that what was `before` becomes `after`."""
    cls: type = type(before)
    given = {name: getattr(after, name) for name in _stored(cls)}
    return changed(cls, {n: v for n, v in given.items() if v != getattr(before, n)})


def restore(cls: type[T], item: Item, id_: str) -> T:
    """The domain object that `attributes` made this item of."""
    plain: type = cls
    scalars, builders = _scalars(plain), _builders(plain)
    fields: dict[str, Any] = {"id": id_}
    for name, build in builders.items():
        if name in item:
            value = item[name]
            fields[name] = value if name in scalars else build(json.loads(str(value)))
    return cls(**fields)


def to_dynamodb(item: Item) -> dict[str, AttributeValue]:
    """The item in DynamoDB's own notation."""
    return {name: to_attribute(value) for name, value in item.items()}


def to_attribute(value: Value) -> AttributeValue:
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int):
        return {"N": str(value)}
    if len(value) > _COMPRESS_ABOVE:
        return {"B": zlib.compress(value.encode())}
    return {"S": value}


def stored_size(item: Item) -> int:
    """About how many bytes the item's values have in DynamoDB."""
    values = [v for value in item.values() for v in to_attribute(value).values()]
    return sum(len(v if isinstance(v, bytes) else str(v).encode()) for v in values)


def answer_size(item: Item) -> int:
    """About how many bytes the item has in an answer, with content that lies elsewhere."""
    texts = sum(text_size(value) for value in item.values() if isinstance(value, str))
    return texts + int(item.get("content_size", 0))


def text_size(text: str) -> int:
    """How many bytes a text has in a Lambda's answer: a string of JSON, in which each quote and
    backslash is escaped.
    """
    return len(text.encode()) + text.count('"') + text.count("\\")


def from_dynamodb(item: Mapping[str, AttributeValue]) -> Item:
    """The item that `to_dynamodb` wrote."""
    return {name: _from_attribute(value) for name, value in item.items()}


def _from_attribute(attribute: AttributeValue) -> Value:
    ((kind, value),) = attribute.items()
    if kind == "N":
        return int(value)
    if kind == "B":
        return zlib.decompress(value).decode()
    return value  # type: ignore[no-any-return]  # S and BOOL are what they are


def _plain(value: Any) -> Any:
    match value:
        case TextPart() | ImageUrl() | ImageFile():
            return stored_part(value)
        case ToolCall():
            return stored_call(value)
        case list() | tuple():
            return [_plain(each) for each in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    return value


@functools.cache
def _stored(cls: type) -> tuple[str, ...]:
    """The fields that are attributes: not the id, which is the key, and not what is derived."""
    fields = dataclasses.fields(cls)
    return tuple(f.name for f in fields if f.name != "id" and f.metadata.get("stored", True))


@functools.cache
def _scalars(cls: type) -> frozenset[str]:
    return frozenset(name for name, hint in get_type_hints(cls).items() if _is_scalar(hint))


def _is_scalar(hint: Any) -> bool:
    if get_origin(hint) in (Union, types.UnionType):
        return all(arm is type(None) or _is_scalar(arm) for arm in get_args(hint))
    if get_origin(hint) is Literal:
        return True
    return hint in _SCALARS


@functools.cache
def _builders(cls: type) -> dict[str, Callable[[Any], Any]]:
    """How each field but the id is made of its JSON: a nested object by its class, all else as it
    is.
    """
    hints = {name: hint for name, hint in get_type_hints(cls).items() if name != "id"}
    return {name: _builder(hint) for name, hint in hints.items()}


def _builder(hint: Any) -> Callable[[Any], Any]:
    if hint in _EACH:
        build = _EACH[hint]
        return lambda values: tuple(build(value) for value in values)
    arms = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    nested = next((arm for arm in arms if dataclasses.is_dataclass(arm)), None)
    if nested is None:
        return lambda value: tuple(value) if isinstance(value, list) else value
    return lambda value: nested(**value)  # type: ignore[operator]
