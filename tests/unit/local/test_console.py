"""The lines of `serve`: compact, one for each record, and nothing in them that is no fact."""

import io
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from infra.local.console import ConsoleFormatter, set_up_logging

REQUEST: dict[str, Any] = {"request_id": "req_1", "milliseconds": 6.7, "thread_id": "thread_a"}
RUN: dict[str, Any] = {
    "run_id": "run_a",
    "thread_id": "thread_a",
    "status": "completed",
    "leg": 1,
    "attempt": 2,
}


class Terminal(io.StringIO):
    """A stream that says it is a tty."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def _logging() -> Iterator[None]:
    """Puts the logging of this process back."""
    root, threadkeep = logging.getLogger(), logging.getLogger("threadkeep")
    before = (root.handlers[:], root.level, threadkeep.level, logging.raiseExceptions)
    root.handlers[:] = []  # `set_up_logging` closes those it finds
    yield
    root.handlers[:], root.level, threadkeep.level, logging.raiseExceptions = before


def line(message: str, level: int = logging.INFO, **extra: Any) -> str:
    """The record's line, without the time."""
    record = logging.makeLogRecord({"msg": message, "levelno": level, **extra})
    return ConsoleFormatter(colour=False).format(record).partition("  ")[2]


def test_a_request_is_a_line_with_its_ids_in_place() -> None:
    """Ids stand in the path; the time it took and the request's id follow."""
    expected = "GET /threads/thread_a 200  6.7 ms  req_1"
    assert line("GET /threads/{thread_id} 200", **REQUEST) == expected


def test_a_transition_is_a_line() -> None:
    """A run's line names run, thread, leg and attempt."""
    assert line("run completed", **RUN) == "run completed  thread_a  run_a  leg 1  attempt 2"


def test_only_known_facts_are_shown() -> None:
    """What else stands in a record, and the text of an exception, is never shown."""
    error = ValueError("secret")
    shown = line("bug", logging.ERROR, content="secret", exc_info=(ValueError, error, None))
    assert shown == "bug (ValueError)"


def test_a_record_is_one_line() -> None:
    """No record breaks its line or moves the cursor."""
    assert line("a\nb\x1b[2Jc") == "a b [2Jc"


@pytest.mark.usefixtures("_logging")
@pytest.mark.parametrize(("stream", "coloured"), [(io.StringIO, False), (Terminal, True)])
def test_colour_is_for_terminals(stream: type[io.StringIO], *, coloured: bool) -> None:
    """A pipe or file gets plain text."""
    out = stream()
    set_up_logging(out)
    for message in ("run failed", "run completed", "GET /x 404", "GET /x 500", "GET /x 200"):
        logging.getLogger("threadkeep.runs").info(message)
    assert ("\033[" in out.getvalue()) == coloured
    assert len(out.getvalue().splitlines()) == 5


@pytest.mark.usefixtures("_logging")
def test_others_are_heard_from_warnings_on() -> None:
    """Libraries and the emulator are heard only when something is wrong."""
    out = io.StringIO()
    set_up_logging(out)
    logging.getLogger("botocore").info("chatter")
    logging.getLogger("infra.local.aws.event_source").error("record given up")
    assert "chatter" not in out.getvalue()
    assert "record given up" in out.getvalue()


@pytest.mark.usefixtures("_logging")
def test_a_reader_that_left_is_no_news(capsys: pytest.CaptureFixture[str]) -> None:
    """When nobody reads the lines any more, requests go on and nothing is printed about it."""
    out = io.StringIO()
    set_up_logging(out)
    out.close()
    logging.getLogger("threadkeep.requests").info("GET /x 200")
    assert capsys.readouterr() == ("", "")
