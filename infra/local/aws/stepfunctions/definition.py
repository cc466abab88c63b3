"""What of the Amazon States Language is carried, as a table. Anything else is refused, by name.

So no execution ever meets it, and the interpreter reads a definition without a second look.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from infra.local.aws.aws_error import AwsError, Unsupported
from infra.local.aws.stepfunctions.paths import PATH
from infra.local.aws.stepfunctions.states_error import ALL, TASK_FAILED, TIMEOUT

Definition = dict[str, Any]
Check = Callable[[str, Any], None]  # is given where a value stands, and the value

_FUNCTION = re.compile(r"(arn:[\w-]+:lambda:[\w-]*:\d*:function:)?[\w-]+")
_MOST = 99_999_999
_NONE: Mapping[str, Check] = {}


def parse(source: str) -> Definition:
    """Raises Unsupported for what is not carried, InvalidDefinition for what is not ASL."""
    try:
        definition: Definition = json.loads(source)
    except (ValueError, RecursionError):
        raise _invalid("the definition", "is not JSON") from None
    _MACHINE("the definition", definition)
    for target in _targets(definition):
        if target not in definition["States"]:
            raise _invalid(f"state {target!r}", "does not exist")
    return definition


def _targets(definition: Definition) -> Iterator[str]:
    yield definition["StartAt"]
    for state in definition["States"].values():
        for place in (state, *state.get("Choices", ()), *state.get("Catch", ())):
            yield from (place[name] for name in ("Next", "Default") if name in place)


def _invalid(where: str, why: str) -> AwsError:
    return AwsError("InvalidDefinition", f"Invalid State Machine Definition: {where} {why}")


def _text(where: str, value: Any) -> None:
    if not isinstance(value, str):
        raise _invalid(where, "is not a string")


def _like(pattern: re.Pattern[str]) -> Check:
    def check(where: str, value: Any) -> None:
        _text(where, value)
        if not pattern.fullmatch(value):
            raise Unsupported(f"{value!r} as {where}")

    return check


_path = _like(PATH)


def _result_path(where: str, value: Any) -> None:
    if value is not None:
        _path(where, value)


def _template(where: str, value: Any) -> None:
    if isinstance(value, dict):
        for name, item in value.items():
            (_path if name.endswith(".$") else _template)(f"{where}.{name}", item)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            _template(f"{where}[{number}]", item)


def _whole(least: int) -> Check:
    def check(where: str, value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= _MOST:
            raise _invalid(where, f"is no whole number from {least} up")

    return check


def _rate(where: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 1:
        raise _invalid(where, "is no number from 1 up")


def _true(where: str, value: Any) -> None:
    if value is not True:
        raise _invalid(where, "is not true")


def _error(where: str, value: Any) -> None:
    _text(where, value)
    if not value or (value.startswith("States.") and value not in (ALL, TASK_FAILED, TIMEOUT)):
        raise Unsupported(f"{value!r} as {where}")


def _list(check_item: Check) -> Check:
    def check(where: str, value: Any) -> None:
        if not isinstance(value, list) or not value:
            raise _invalid(where, "is not a list of one or more")
        for number, item in enumerate(value):
            check_item(f"{where}[{number}]", item)

    return check


def _handlers(check_handler: Check) -> Check:
    """Retry or Catch. `States.ALL` stands alone, and last."""

    def check(where: str, value: Any) -> None:
        _list(check_handler)(where, value)
        for number, handler in enumerate(value, start=1):
            names = handler["ErrorEquals"]
            if ALL in names and (len(names) > 1 or number < len(value)):
                raise _invalid(where, f"has {ALL} not alone or not last")

    return check


def _object(required: Mapping[str, Check], optional: Mapping[str, Check] = _NONE) -> Check:
    def check(where: str, value: Any) -> None:
        if not isinstance(value, dict):
            raise _invalid(where, "is not an object")
        checks = {"Comment": _text, **required, **optional}
        for name, item in value.items():
            if name not in checks:
                raise Unsupported(f"{name!r} in {where}")
            checks[name](f"{where}.{name}", item)
        for name in required.keys() - value.keys():
            raise _invalid(where, f"has no {name!r}")

    return check


def _one_of(*names: str, least: int = 1) -> Check:
    def check(where: str, value: Any) -> None:
        if not least <= len(value.keys() & set(names)) <= 1:
            raise _invalid(where, f"needs one of {' and '.join(names)}, and not both")

    return check


def _states(where: str, value: Any) -> None:
    if not isinstance(value, dict):
        raise _invalid(where, "is not an object")
    for name, state in value.items():
        kind = state.get("Type") if isinstance(state, dict) else None
        if not isinstance(kind, str) or kind not in _STATES:
            raise Unsupported(f"{kind!r} as {where}.{name}.Type")
        for check in _STATES[kind]:
            check(f"{where}.{name}", state)


_ERRORS = {"ErrorEquals": _list(_error)}
_RETRIER = _object(
    _ERRORS,
    {
        "IntervalSeconds": _whole(1),
        "MaxAttempts": _whole(0),
        "BackoffRate": _rate,
        "MaxDelaySeconds": _whole(1),
        "JitterStrategy": _like(re.compile("FULL|NONE")),
    },
)
_CATCHER = _object({**_ERRORS, "Next": _text}, {"ResultPath": _result_path})
_RULE = _object({"Variable": _path, "StringEquals": _text, "Next": _text})
_TYPE = {"Type": _text}
_AFTER = {"Next": _text, "End": _true}
_CALL = {
    "Resource": _like(re.compile(r"arn:[\w-]+:states:::lambda:invoke")),
    "Parameters": _object({"FunctionName": _like(_FUNCTION)}, {"Payload": _template}),
}
_TASK = {
    "ResultSelector": _template,
    "ResultPath": _result_path,
    "TimeoutSeconds": _whole(1),
    "TimeoutSecondsPath": _path,
    "Retry": _handlers(_RETRIER),
    "Catch": _handlers(_CATCHER),
}
_WAIT = {"Seconds": _whole(0), "TimestampPath": _path}
_STATES: Mapping[str, tuple[Check, ...]] = {
    "Task": (
        _object({**_TYPE, **_CALL}, {**_TASK, **_AFTER}),
        _one_of(*_AFTER),
        _one_of("TimeoutSeconds", "TimeoutSecondsPath", least=0),
    ),
    "Choice": (_object({**_TYPE, "Choices": _list(_RULE)}, {"Default": _text}),),
    "Wait": (_object(_TYPE, {**_WAIT, **_AFTER}), _one_of(*_AFTER), _one_of(*_WAIT)),
    "Succeed": (_object(_TYPE),),
}
_MACHINE = _object({"StartAt": _text, "States": _states})
