"""What happens in the midst of a step: other writers, deaths, lost answers, conflicts."""

import threading
from collections.abc import Callable

from infra.local.aws.aws_error import AwsError
from infra.local.aws.dynamodb import DynamoDB
from infra.local.aws.transport import AwsCall
from tests.faults import Interception, Killed


class Midway(Interception):
    """Something else happens, once, before call number `at` (from 0) of the step."""

    def __init__(self, at: int, happens: Callable[[], None]) -> None:
        self._left = at
        self._happens = happens

    def before(self, _call: AwsCall, /) -> None:
        self._left -= 1
        if self._left == -1:
            self._happens()


class Dying(Interception):
    """The process that this thread is dies at its call number `at`: before it is made, or before
    its answer comes. It makes no further call. `calls` counts those it tried.
    """

    def __init__(self, at: int, *, made: bool = False) -> None:
        self.calls = 0
        self._at = at
        self._made = made
        self._thread = threading.current_thread()

    def before(self, _call: AwsCall, /) -> None:
        if threading.current_thread() is self._thread:
            self.calls += 1
            if self.calls > self._at + self._made:
                raise Killed

    def after(self, _call: AwsCall, /) -> None:
        if threading.current_thread() is self._thread and self._made and self.calls > self._at:
            raise Killed


class Resent(Interception):
    """Every transaction is sent twice, as after a lost answer: by its token it is the same one."""

    def __init__(self, dynamodb: DynamoDB) -> None:
        self._dynamodb = dynamodb

    def after(self, call: AwsCall, /) -> None:
        if call.operation == "TransactWriteItems":
            self._dynamodb.call(call.operation, dict(call.request))


class Busy(Interception):
    """The first transaction meets another one: TransactionConflict."""

    def __init__(self) -> None:
        self._met = False

    def before(self, call: AwsCall, /) -> None:
        if call.operation == "TransactWriteItems" and not self._met:
            self._met = True
            reasons = [{"Code": "TransactionConflict"} for _ in call.request["TransactItems"]]
            raise AwsError("TransactionCanceledException", "Busy", CancellationReasons=reasons)
