"""The authorizer's answers, kept as API Gateway keeps them: by Authorization header, for 300 s.

Invariants: an answer is never used at or after its end. Two requests with a new header may both ask
the authorizer; both get the same answer, and either one may be kept. A header is kept as its hash
alone, and answers for wrong keys have a place of their own: however many come, they push out no
right one.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from infra.local.aws.function_error import Invoke
from infra.local.aws.proxy_event import ProxyCall, authorizer_event
from threadkeep.domain.api_keys import hash_key
from threadkeep.domain.clock import Clock

KEPT_SECONDS = 300
MOST_ALLOWED = 10_000
MOST_DENIED = 1_000


@dataclass(frozen=True)
class Authorization:
    """Whether the caller may go on, and what the authorizer says about them."""

    allowed: bool
    context: Mapping[str, Any]


class Authorizations:
    """Asks the authorizer who is calling, once for each header and 300 s."""

    def __init__(self, invoke: Invoke, clock: Clock) -> None:
        self._invoke = invoke
        self._clock = clock
        self._allowed = _Kept(MOST_ALLOWED)
        self._denied = _Kept(MOST_DENIED)

    def of(self, call: ProxyCall, header: str) -> Authorization:
        """What the authorizer says of the header, for this call; raises FunctionError."""
        id_, now = hash_key(header), self._clock.monotonic()
        answer = self._allowed.get(id_, now) or self._denied.get(id_, now)
        if answer is None:
            answer = self._invoke("authorizer", authorizer_event(call))
            opens = _effects(answer["policyDocument"]) == {"Allow"}
            (self._allowed if opens else self._denied).put(id_, answer, self._clock.monotonic())
        context = {"principalId": answer["principalId"], **(answer.get("context") or {})}
        return Authorization(_allows(answer["policyDocument"], call.method_arn), context)

    def __len__(self) -> int:
        """How many answers are kept."""
        return len(self._allowed) + len(self._denied)


class _Kept:
    """At most so many answers, each until its end; when one comes, those that ended go."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._answers: OrderedDict[str, tuple[float, Any]] = OrderedDict()  # by end, soonest first

    def get(self, id_: str, now: float) -> Any:
        with self._lock:
            end, answer = self._answers.get(id_, (now, None))
            return answer if now < end else None

    def put(self, id_: str, answer: Any, now: float) -> None:
        with self._lock:
            self._answers[id_] = now + KEPT_SECONDS, answer
            self._answers.move_to_end(id_)
            while len(self._answers) > self._most or self._soonest() <= now:
                self._answers.popitem(last=False)

    def _soonest(self) -> float:
        return next(iter(self._answers.values()))[0]

    def __len__(self) -> int:
        return len(self._answers)


def _effects(policy: Mapping[str, Any]) -> set[str]:
    return {statement["Effect"] for statement in policy["Statement"]}


def _allows(policy: Mapping[str, Any], method_arn: str) -> bool:
    """As IAM: a Deny wins, and what no statement names is denied."""
    effects = {
        statement["Effect"]
        for statement in policy["Statement"]
        if fnmatchcase(method_arn, statement["Resource"])
    }
    return effects == {"Allow"}
