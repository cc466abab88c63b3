"""What can go wrong with an AWS call, on request: interceptors of the local transport."""

import threading
from collections import defaultdict
from collections.abc import Callable

from botocore.exceptions import ReadTimeoutError

from infra.local.aws.aws_error import AwsError
from infra.local.aws.transport import AwsCall


class Killed(BaseException):
    """The process is gone: no clean-up code of it can write anything."""


class Interception:
    """Does nothing before and after; the base of the faults."""

    def before(self, _call: AwsCall, /) -> None:
        """Nothing."""

    def after(self, _call: AwsCall, /) -> None:
        """Nothing."""


class KillFrom(Interception):
    """Kills one invocation of a function from its call number `first` (from 0) on.

    `victim` says which of its invocations (from 1); the others are left alone. `calls` counts the
    victim's calls.
    """

    def __init__(self, function: str, first: int, victim: int = 1) -> None:
        self.calls = 0
        self._function = function
        self._first = first
        self._victim = victim
        self._seen: list[int] = []

    @property
    def killed(self) -> bool:
        """Whether the victim has died."""
        return self.calls > self._first

    def before(self, call: AwsCall, /) -> None:
        invocation = call.invocation
        if invocation is None or invocation.function != self._function:
            return
        if invocation.number not in self._seen:
            self._seen.append(invocation.number)
        if self._seen.index(invocation.number) + 1 != self._victim:
            return
        self.calls += 1
        if self.calls > self._first:
            raise Killed


class EverybodyDies(Interception):
    """No executor and no Settle gets anything done."""

    def before(self, call: AwsCall, /) -> None:
        if call.invocation and call.invocation.function == "executor":
            raise Killed


class HeldDelta(Interception):
    """Holds the first delta of an executor until it is let go."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.let_go = threading.Event()

    def before(self, call: AwsCall, /) -> None:
        if call.operation == "PutItem" and not self.reached.is_set():
            self.reached.set()
            assert self.let_go.wait(20)


class RoundTrips(Interception):
    """Counts the calls of each invocation by function; calls sent together count once."""

    def __init__(self) -> None:
        self.of: defaultdict[str, int] = defaultdict(int)
        self._together: set[object] = set()

    def before(self, call: AwsCall, /) -> None:
        name = (call.invocation and (call.invocation.route or call.invocation.function)) or ""
        if call.together is not None:
            if call.together in self._together:
                return
            self._together.add(call.together)
        self.of[name] += 1


class Conflicts(Interception):
    """Answers the first `times` transactions with TransactionConflict, as busy items do."""

    def __init__(self, times: int) -> None:
        self.left = times

    def before(self, call: AwsCall, /) -> None:
        if call.operation != "TransactWriteItems" or self.left == 0:
            return
        self.left -= 1
        reasons = [{"Code": "TransactionConflict"} for _ in call.request["TransactItems"]]
        text = "Transaction cancelled, please refer cancellation reasons for specific reasons"
        raise AwsError("TransactionCanceledException", text, CancellationReasons=reasons)


class LostAnswers(Interception):
    """Loses the answers of the first `times` calls of an operation, after they were made."""

    def __init__(self, operation: str, times: int = 1) -> None:
        self.left = times
        self._operation = operation

    def after(self, call: AwsCall, /) -> None:
        if call.operation == self._operation and self.left:
            self.left -= 1
            raise ReadTimeoutError(endpoint_url="dynamodb")


class Barrier(Interception):
    """Holds the calls that `wanted` picks until `parties` of them are there."""

    def __init__(self, parties: int, wanted: Callable[[AwsCall], bool]) -> None:
        self._barrier = threading.Barrier(parties, timeout=10)
        self._left = parties
        self._wanted = wanted
        self._lock = threading.Lock()

    def before(self, call: AwsCall, /) -> None:
        with self._lock:
            if not self._left or not self._wanted(call):
                return
            self._left -= 1
        self._barrier.wait()


class Reads(Interception):
    """Counts the executor's queries of a table."""

    def __init__(self, table: str) -> None:
        self.count = 0
        self._table = table

    def before(self, call: AwsCall, /) -> None:
        if call.operation != "Query" or call.request["TableName"] != self._table:
            return
        if call.invocation and call.invocation.function == "executor":
            self.count += 1
