"""Reference paths (`$.a.b`) and payload templates: what of a state's JSON goes where.

Plain names only: no context object, index, wildcard or intrinsic function.
"""

import re
from typing import Any

from infra.local.aws.stepfunctions.states_error import RUNTIME, StatesError

PATH = re.compile(r"\$(\.[A-Za-z_][0-9A-Za-z_-]*)*")


def find(path: str, data: Any) -> Any:
    for name in path.split(".")[1:]:
        if not isinstance(data, dict) or name not in data:
            raise StatesError(RUNTIME, f"The JSONPath '{path}' could not be found")
        data = data[name]
    return data


def put(path: str | None, data: Any, value: Any) -> Any:
    """A state's output: its input `data`, given `value` at the ResultPath; None: as it is."""
    if path is None:
        return data
    _, *names = path.split(".")
    if not names:
        return value
    place = _object(path, data)
    for name in names[:-1]:
        place = _object(path, place.setdefault(name, {}))
    place[names[-1]] = value
    return data


def _object(path: str, data: Any) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise StatesError("States.ResultPathMatchFailure", f"'{path}' leads through no object")
    return data


def fill(template: Any, data: Any) -> Any:
    """The template's JSON: every `name.$` becomes `name` with what its path finds in `data`."""
    match template:
        case list():
            return [fill(item, data) for item in template]
        case dict():
            return {
                name.removesuffix(".$"): find(item, data)
                if name.endswith(".$")
                else fill(item, data)
                for name, item in template.items()
            }
    return template
