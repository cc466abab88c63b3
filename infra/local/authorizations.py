"""The authorizer's answers, kept as API Gateway keeps them: by Authorization header, for 300 s.

Invariant: an answer is never used at or after its end. Two requests with a new header may both ask
the authorizer; both get the same answer, and either one may be kept.
"""

import math
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from infra.local.function_error import Invoke
from infra.local.proxy_event import Call, authorizer_event
from threadkeep.domain.clock import Clock

KEPT_SECONDS = 300
_MOST = 10_000  # wrong keys must not fill the memory


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
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[float, Any]] = OrderedDict()  # header → end, answer

    def of(self, call: Call, header: str) -> Authorization:
        """What the authorizer says of the header, for this call; raises FunctionError."""
        answer = self._look_up(header)
        if answer is None:
            answer = self._invoke("authorizer", authorizer_event(call))
            self._keep(header, answer)
        context = {"principalId": answer["principalId"], **(answer.get("context") or {})}
        return Authorization(_allows(answer["policyDocument"], call.method_arn), context)

    def _look_up(self, header: str) -> Any:
        with self._lock:
            end, answer = self._kept.get(header, (-math.inf, None))
            return answer if self._clock.monotonic() < end else None

    def _keep(self, header: str, answer: Any) -> None:
        with self._lock:
            self._kept[header] = self._clock.monotonic() + KEPT_SECONDS, answer
            self._kept.move_to_end(header)
            if len(self._kept) > _MOST:
                self._kept.popitem(last=False)


def _allows(policy: Mapping[str, Any], method_arn: str) -> bool:
    """As IAM: a Deny wins, and what no statement names is denied."""
    effects = {
        statement["Effect"]
        for statement in policy["Statement"]
        if fnmatchcase(method_arn, statement["Resource"])
    }
    return effects == {"Allow"}
