"""What a state does when something happens. Pure: an event in, a step out.

A step is data, so that the interpreter can journal it before it acts on it.
"""

import contextlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from infra.local.aws.stepfunctions.paths import fill, find, put
from infra.local.aws.stepfunctions.states_error import DATA_LIMIT_EXCEEDED, RUNTIME, StatesError

_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_LARGEST = 262_144  # characters of JSON in ASCII
_LONGEST = 31_622_400  # seconds between two attempts


@dataclass(frozen=True)
class Enter:
    """The state begins, or begins again."""


@dataclass(frozen=True)
class Wake:
    """The time has come that the state slept for."""


@dataclass(frozen=True)
class FunctionAnswer:
    """The Task's function has answered."""

    payload: Any


StateFields = dict[str, Any]
StateEvent = Enter | Wake | FunctionAnswer | StatesError


@dataclass(frozen=True)
class RunFunction:
    """Run a function; `timeout` in seconds."""

    function: str
    payload: Any
    timeout: int | None


@dataclass(frozen=True)
class Sleep:
    """Stay in the state until a time. `tries` counts the retries of each retrier so far."""

    until: float
    tries: Sequence[int] = ()


@dataclass(frozen=True)
class Move:
    """Go to the next state with this data; None: succeed with it."""

    then: str | None
    data: str


NextStep = RunFunction | Sleep | Move | StatesError  # an error is the end: nothing caught it


def step(
    state: StateFields,
    data: str,
    event: StateEvent,
    now: float,
    tries: Sequence[int],
    random: Random,
) -> NextStep:
    """What comes of `event` in `state`, which was entered with `data`."""
    value = json.loads(data)
    try:
        return _follow(state, value, event, now)
    except StatesError as error:
        return _recover(state, value, error, now, tries, random)


def _follow(state: StateFields, data: Any, event: StateEvent, now: float) -> NextStep:
    match state["Type"], event:
        case "Task", Enter() | Wake():
            return _call(state, data)
        case "Task", FunctionAnswer(payload):
            return Move(state.get("Next"), encode(_output(state, data, payload)))
        case "Task", StatesError() as error:
            raise error
        case "Wait", Enter():
            return Sleep(_until(state, data, now))
        case "Choice", _:
            return Move(_choose(state, data), encode(data))
    return Move(state.get("Next"), encode(data))


def encode(value: Any) -> str:
    """The JSON text of a value, if it is small enough to travel through an execution."""
    text = json.dumps(value, separators=(",", ":"))
    if len(text) > _LARGEST:
        raise StatesError(DATA_LIMIT_EXCEEDED, f"More than {_LARGEST} characters of JSON")
    return text


def _call(task: StateFields, data: Any) -> RunFunction:
    payload = fill(task["Parameters"].get("Payload", {}), data)
    encode(payload)
    function = task["Parameters"]["FunctionName"].rpartition(":")[2]
    return RunFunction(function, payload, _timeout(task, data))


def _timeout(task: StateFields, data: Any) -> int | None:
    path = task.get("TimeoutSecondsPath")
    if path is None:
        return task.get("TimeoutSeconds")
    timeout = find(path, data)
    if isinstance(timeout, bool) or not isinstance(timeout, int) or timeout <= 0:
        raise StatesError(RUNTIME, f"'{path}' is no positive whole number of seconds")
    return timeout


def _output(task: StateFields, data: Any, payload: Any) -> Any:
    result: Any = {"ExecutedVersion": "$LATEST", "Payload": payload, "StatusCode": 200}
    encode(result)
    if "ResultSelector" in task:
        result = fill(task["ResultSelector"], result)
    return put(task.get("ResultPath", "$"), data, result)


def _recover(
    state: StateFields,
    data: Any,
    error: StatesError,
    now: float,
    tries: Sequence[int],
    random: Random,
) -> NextStep:
    """The first retrier that matches decides; where it has no attempt left, the first catcher."""
    retriers, catchers = state.get("Retry", ()), state.get("Catch", ())
    counts = list(tries) or [0] * len(retriers)
    for number, retrier in enumerate(retriers):
        if error.matches(retrier["ErrorEquals"]):
            if counts[number] == retrier.get("MaxAttempts", 3):
                break
            delay = _delay(retrier, counts[number], random)
            counts[number] += 1
            return Sleep(now + delay, counts)
    for catcher in catchers:
        if error.matches(catcher["ErrorEquals"]):
            return _catch(catcher, data, error)
    return error


def _delay(retrier: StateFields, tries: int, random: Random) -> float:
    interval, longest = retrier.get("IntervalSeconds", 1), retrier.get("MaxDelaySeconds", _LONGEST)
    try:
        delay = min(float(interval * retrier.get("BackoffRate", 2.0) ** tries), float(longest))
    except OverflowError:
        delay = float(longest)
    return random.uniform(0, delay) if retrier.get("JitterStrategy") == "FULL" else delay


def _catch(catcher: StateFields, data: Any, error: StatesError) -> NextStep:
    caught = {"Error": error.error, "Cause": error.cause}
    try:
        return Move(catcher["Next"], encode(put(catcher.get("ResultPath", "$"), data, caught)))
    except StatesError as failure:
        return failure


def sleeps_by_the_wall(state: StateFields) -> bool:
    """Whether a sleep in this state ends at a time of the wall clock. Others are intervals."""
    return "TimestampPath" in state


def _until(wait: StateFields, data: Any, now: float) -> float:
    if "Seconds" in wait:
        return now + float(wait["Seconds"])
    value = find(wait["TimestampPath"], data)
    if isinstance(value, str) and _TIMESTAMP.fullmatch(value):
        with contextlib.suppress(ValueError):  # a 30th of February
            return datetime.fromisoformat(value).timestamp()
    raise StatesError(RUNTIME, f"'{wait['TimestampPath']}' is no timestamp")


def _choose(choice: StateFields, data: Any) -> Any:
    for rule in choice["Choices"]:
        if find(rule["Variable"], data) == rule["StringEquals"]:
            return rule["Next"]
    if "Default" not in choice:
        raise StatesError("States.NoChoiceMatched")
    return choice["Default"]
