"""Exchanges with the original service, and the proof that ours are the same.

An answer is the same if it has the same keys in the same order, and at each place the same value of
the same type. What the service made itself, an id or a time, stands in the expected answer as a
`Made`: of its kind, and the same wherever its name stands again.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.system import System


@dataclass(frozen=True)
class Made:
    """An id with a prefix, or without one a time. `later` is how many seconds after it."""

    name: str
    prefix: str = ""
    later: int = 0


@dataclass(frozen=True)
class Exchange:
    """A request and its answer. In the path `{name}` stands for the id that has this name."""

    method: str
    path: str
    body: Mapping[str, Any] | None
    answer: Mapping[str, Any]


class Replay:
    """Sends the requests again, one after another."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.made: dict[str, Any] = {}

    def __call__(self, *exchanges: Exchange) -> None:
        for exchange in exchanges:
            self.one(exchange)

    def one(self, exchange: Exchange) -> dict[str, Any]:
        """Send a request; its answer has to be the expected one."""
        path = exchange.path.format(**self.made)
        body = self._filled(exchange.body)
        answer = self.system.request(exchange.method, path, body, "acme")
        self._expect(answer, exchange.answer, f"{exchange.method} {exchange.path}:")
        return answer

    def _filled(self, body: Any) -> Any:
        """The body with the ids that it names."""
        match body:
            case Made():
                return self.made[body.name]
            case dict():
                return {name: self._filled(value) for name, value in body.items()}
        return body

    def _expect(self, answer: Any, expected: Any, at: str) -> None:
        match expected:
            case Made():
                self._expect_made(answer, expected, at)
            case Mapping():
                assert isinstance(answer, dict), at
                assert list(answer) == list(expected), at
                for name, value in expected.items():
                    self._expect(answer[name], value, f"{at} {name}")
            case Sequence() if not isinstance(expected, str):
                assert isinstance(answer, list), at
                assert len(answer) == len(expected), at
                for number, value in enumerate(expected):
                    self._expect(answer[number], value, f"{at} {number}")
            case _:
                assert (type(answer), answer) == (type(expected), expected), at

    def _expect_made(self, answer: Any, expected: Made, at: str) -> None:
        if expected.prefix:
            assert isinstance(answer, str), at
            assert re.fullmatch(f"{expected.prefix}_[0-9A-Za-z]{{24}}", answer), at
        else:
            assert type(answer) is int, at
            answer -= expected.later
        assert self.made.setdefault(expected.name, answer) == answer, at
